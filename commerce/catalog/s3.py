"""Pictures in any S3-compatible store: Amazon's, MinIO, Ceph, Aliyun OSS, Cloudflare R2."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commerce.catalog.pictures import PREFIX, checked, name_of

if TYPE_CHECKING:
    from botocore.client import BaseClient

TIMEOUT_S = 10
ATTEMPTS = 3
FOR_EVER = "public, max-age=31536000, immutable"
MISSING = ("NoSuchKey", "404", "NotFound")


@dataclass(frozen=True, slots=True)
class S3Account:
    """`endpoint` None: Amazon's own. Without keys, boto3 looks where it always does (environment, role)."""

    bucket: str
    endpoint: str | None = None
    region: str | None = None
    prefix: str = "pictures/"
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)


class S3Pictures:
    """A `PictureStore` in a bucket; needs the extra `s3`. boto3 blocks: every call goes to a thread."""

    def __init__(self, account: S3Account) -> None:
        self._account = account
        self._client = _client(account)

    async def add(self, content: bytes) -> str:
        webp = await asyncio.to_thread(checked, content)
        name = name_of(webp)
        await asyncio.to_thread(
            self._client.put_object,
            Bucket=self._account.bucket,
            Key=self._account.prefix + name,
            Body=webp,
            ContentType="image/webp",
            CacheControl=FOR_EVER,
        )
        return f"{PREFIX}/{name}"

    async def read(self, name: str) -> bytes | None:
        return await asyncio.to_thread(self._read, name)

    def _read(self, name: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            found = self._client.get_object(Bucket=self._account.bucket, Key=self._account.prefix + name)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        content: bytes = found["Body"].read()
        return content


def _client(account: S3Account) -> "BaseClient":
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=account.endpoint,
        region_name=account.region,
        aws_access_key_id=account.access_key,
        aws_secret_access_key=account.secret_key,
        config=Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            retries={"max_attempts": ATTEMPTS, "mode": "standard"},
            # Most compatible stores know no checksums in trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
