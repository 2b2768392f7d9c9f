"""The file ``posecas.toml`` that a new store gets."""

from typing import Final

FORMAT: Final = 1
FILE: Final = "posecas.toml"

TEMPLATE: Final = f"""\
# A posecas store. This file says so, and holds its settings; what is not set has the default shown.
format = {FORMAT}

# default_user = "default"        # owner of a generation that is made without a user; "" refuses
# backup_location = ""            # where the index's journal goes; "" means the write location
# commit = "remote"               # puts wait for the write location; or "local", replicated later
# extension_mismatch = "fix"      # import and mount: take bytes as what they are, or "refuse"
# lock_wait = "30s"               # how long a writer waits for the one before it
# min_free = "5%"                 # puts stop here; a share means at most 2 GiB; or a size

# [expire]
# truth = ""                      # who knows favourites and downloads: "store", or "ids" of another

# [cache]
# max_bytes = "10GiB"             # local copies of what is at remote locations; 0: none
# folder = "cache"                # in the store's folder, or elsewhere: "/mnt/fast/poses"

# [serve]
# public_url = ""                 # where others reach `posecas serve`: https://images.example.com

# [profile.pose]
# max_bytes = "32MB"
# max_pixels = 40000000
# max_side = 16384
# thumbnail = "thumb-400"         # made at put; "" makes it when first asked for

# [profile.avatar]
# max_bytes = "10MB"
# thumbnail = "thumb-300"

# A recipe of your own, for: posecas export ID --recipe banner
# [recipe.banner]
# width = 1200
# height = 400
# focus = "top"

# A location in any S3, for: posecas location add archive
# [location.archive]
# url = "s3://bucket/poses"
# endpoint = "https://s3.example.com"
# region = "auto"
# access_key_id_env = "AWS_ACCESS_KEY_ID"
# secret_access_key_env = "AWS_SECRET_ACCESS_KEY"
"""
