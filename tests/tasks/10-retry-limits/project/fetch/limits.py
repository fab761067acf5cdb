"""Every number that decides how patient we are. Seconds, unless it says otherwise."""

# Downloads.
DOWNLOAD_TRIES = 3
FIRST_WAIT = 0.5
WAIT_FACTOR = 3.0
LONGEST_WAIT = 60.0
DOWNLOAD_BYTES = 64 * 1024 * 1024

# Uploads.
UPLOAD_TRIES = 3
UPLOAD_BYTES = 16 * 1024 * 1024

# Questions to the directory service.
LOOKUP_TRIES = 2
LOOKUP_WAIT = 60.0
