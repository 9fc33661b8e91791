"""What people see in a browser, looked at in a real one."""
