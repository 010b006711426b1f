import asyncio
import io

from PIL import Image
from redis.asyncio import Redis

from media.frames import FrameSampler, key_frame_jpeg
from media.h264 import nal_units
from tests.media.streams import frames


async def entries(redis: Redis) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in await redis.xrange("frames:r")]


async def test_a_key_frame_every_few_seconds_reaches_redis(redis: Redis) -> None:
    sampler = FrameSampler(redis, "r", "s", interval_s=3.0, longest_edge_px=160)
    for frame in frames(300, keyint=30):
        sampler.on_video(frame)
        if frame.key:
            await sampler.close()
    found = await entries(redis)
    assert [int(fields[b"at_ms"]) for fields in found] == [0, 3000, 6000, 9000]
    assert {fields[b"session"] for fields in found} == {b"s"}
    with Image.open(io.BytesIO(found[1][b"jpeg"])) as image:
        assert (image.format, image.size) == ("JPEG", (160, 120))
        # Picture 90 of the test pattern is uniformly grey: 90 * 7 % 256 in every plane.
        assert image.convert("YCbCr").getpixel((80, 60))[0] in range(120 - 16, 120 + 16)


async def test_while_one_is_decoded_no_other_is_begun(redis: Redis) -> None:
    sampler = FrameSampler(redis, "r", "s", interval_s=0.5)
    for frame in frames(60, keyint=30):
        sampler.on_video(frame)
    await sampler.close()
    assert len(await entries(redis)) == 1


def test_rubbish_is_no_picture() -> None:
    first = next(frames(1))
    nals = list(nal_units(first.payloads))
    assert key_frame_jpeg(nals, 640) is not None
    assert key_frame_jpeg([b"\x65" + bytes(200)], 640) is None
    assert key_frame_jpeg([], 640) is None


async def test_redis_away_costs_the_frame_only() -> None:
    away = Redis.from_url("redis://127.0.0.1:1")
    sampler = FrameSampler(away, "r", "s")
    sampler.on_video(next(frames(1)))
    await sampler.close()
    await away.aclose()
    await asyncio.sleep(0)
