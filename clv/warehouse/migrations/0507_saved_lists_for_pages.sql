-- Pages and commands read saved lists with the publisher's rights; only the owner saves and removes them.

grant select on ops.saved_lists to clv_publisher;
