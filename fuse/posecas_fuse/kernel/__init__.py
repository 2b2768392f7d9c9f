"""The kernel engine: `Files` by way of Linux's FUSE protocol, spoken on /dev/fuse directly."""
