"""Stores with a location in a bucket."""

from collections.abc import Mapping

import pytest

from kit.servers import Bucket


def r2_variables(bucket: Bucket) -> Mapping[str, str]:
    """The product's variables, for a whole bucket."""
    endpoint = bucket.endpoint
    return {
        "R2_ENDPOINT_URL": endpoint.url,
        "R2_ACCESS_KEY_ID": endpoint.key_id.reveal(),
        "R2_SECRET_ACCESS_KEY": endpoint.secret.reveal(),
        "R2_BUCKET_NAME": bucket.name,
    }


def bucket_settings(bucket: Bucket, location: str, patch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Settings that make a bucket, or a prefix in one, a location; its secrets' variables are set.

    They are to be given to whoever opens the store.
    """
    patch.setenv("AWS_ACCESS_KEY_ID", bucket.endpoint.key_id.reveal())
    patch.setenv("AWS_SECRET_ACCESS_KEY", bucket.endpoint.secret.reveal())
    return {
        f"location.{location}.url": bucket.url,
        f"location.{location}.endpoint": bucket.endpoint.url,
    }
