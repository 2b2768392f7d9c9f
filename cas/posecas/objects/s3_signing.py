"""Signature Version 4 of Amazon Web Services, for requests without a query.

As https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html describes it. The
key that signs is made once a day, which is most of the work; botocore makes it for each request.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final

from posecas.objects.endpoint import Endpoint

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
NOTHING: Final = hashlib.sha256().hexdigest()
"""What is signed of a body that is empty."""

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Signer:
    """Signs with the keys of one endpoint. Any thread."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._key: tuple[str, bytes] = ("", b"")

    def signed(
        self, method: str, path: str, headers: Mapping[str, str], *, payload: str
    ) -> Mapping[str, str]:
        """Return ``headers`` and those that sign them; all that is given is signed.

        Names are in lower case, ``host`` among them; ``path`` is as it is sent. ``payload`` is the
        hash of the body, or `UNSIGNED`: then whatever should hold for it must be in a header.
        """
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        day, region = now[:8], self._endpoint.region
        more = {**headers, "x-amz-content-sha256": payload, "x-amz-date": now}
        if self._endpoint.token:
            more["x-amz-security-token"] = self._endpoint.token.reveal()
        names = ";".join(sorted(more))
        lines = "".join(f"{name}:{' '.join(more[name].split())}\n" for name in sorted(more))
        said = f"{method}\n{path}\n\n{lines}\n{names}\n{payload}"
        scope = f"{day}/{region}/s3/aws4_request"
        text = f"{_ALGORITHM}\n{now}\n{scope}\n{hashlib.sha256(said.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(day), text.encode(), "sha256").hex()
        more["authorization"] = (
            f"{_ALGORITHM} Credential={self._endpoint.key_id.reveal()}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return more

    def _key_of(self, day: str) -> bytes:
        known, key = self._key
        if known != day:
            key = f"AWS4{self._endpoint.secret.reveal()}".encode()
            for part in (day, self._endpoint.region, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = (day, key)
        return key
