"""What an HTTP request asks of an S3 service, by the name that the service's own pages use."""

from collections.abc import Mapping
from typing import Final

_OF_OBJECTS: Final = {
    "GET": "GetObject",
    "PUT": "PutObject",
    "HEAD": "HeadObject",
    "DELETE": "DeleteObject",
}
_OF_BUCKETS: Final = {
    "GET": "ListObjects",
    "PUT": "CreateBucket",
    "HEAD": "HeadBucket",
    "DELETE": "DeleteBucket",
}
_BY_QUERY: Final = {
    ("GET", "list-type"): "ListObjectsV2",
    ("POST", "delete"): "DeleteObjects",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("PUT", "uploadId"): "UploadPart",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "cors"): "GetBucketCors",
    ("PUT", "cors"): "PutBucketCors",
    ("GET", "lifecycle"): "GetBucketLifecycleConfiguration",
    ("PUT", "lifecycle"): "PutBucketLifecycleConfiguration",
}


def operation(method: str, path: str, query: Mapping[str, str]) -> str:
    """Name a request whose path is ``/bucket`` or ``/bucket/key``; one that is unknown by method.

    A copy is a PutObject here: only a header tells them apart.
    """
    for (asked, name), found in _BY_QUERY.items():
        if asked == method and name in query:
            return found
    bucket, _, key = path.strip("/").partition("/")
    if not bucket:
        return "ListBuckets" if method == "GET" else method
    return (_OF_OBJECTS if key else _OF_BUCKETS).get(method, method)
