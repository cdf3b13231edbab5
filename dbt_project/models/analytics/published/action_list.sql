{{ members_with_state() }}
