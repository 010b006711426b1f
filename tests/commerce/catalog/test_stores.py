"""Where pictures lie: on disk or in a bucket, the shop does not care."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from commerce.catalog.pictures import DiskPictures, PictureStore
from commerce.catalog.s3 import S3Account, S3Pictures
from commerce.errors import NotAPicture

BUCKET = "shop"


@pytest.fixture(scope="module")
def account() -> Iterator[S3Account]:
    """A server of its own that speaks S3, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = S3Account(BUCKET, f"http://{host}:{port}", "us-east-1", "pictures/", "key", "secret")
    client = boto3.client(
        "s3",
        endpoint_url=found.endpoint,
        region_name=found.region,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket=BUCKET)
    yield found
    client.close()
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PictureStore:
    if request.param == "disk":
        return DiskPictures(tmp_path / "pictures")
    return S3Pictures(request.getfixturevalue("account"))


async def test_a_picture_is_found_again_under_its_address(store: PictureStore) -> None:
    content = io.BytesIO()
    Image.new("RGB", (2_000, 1_000), "teal").save(content, "JPEG")
    url, again = await asyncio.gather(store.add(content.getvalue()), store.add(content.getvalue()))
    assert url == again
    stored = await store.read(url.rpartition("/")[2])
    assert stored is not None
    with Image.open(io.BytesIO(stored)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (1_200, 600))
    assert await store.read("0" * 32 + ".webp") is None
    with pytest.raises(NotAPicture):
        await store.add(b"not a picture")
