{{ members_with_state(history=true) }}
