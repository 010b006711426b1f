import av
import httpx
import numpy as np
import pytest
from redis.asyncio import Redis

from media.bench.load import Crowd
from media.control import StreamControl
from media.engines.base import StreamOrder
from media.opus import duration_ms, silence_like
from tests.media.node import Node, PacketTrack, h264_packets, opus_silence, running_node, until
from tests.media.test_tap import tone


async def test_a_stopped_stream_ends_and_stays_ended_until_lifted(node: Node, redis: Redis) -> None:
    control = StreamControl(redis)
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(300), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    await control.give(str(node.room), StreamOrder(stopped=True, reason="违禁内容"))
    await until(lambda: node.events.ended)
    again = node.client("whip")
    again.send(PacketTrack("video", h264_packets(300), 0.02))
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await again.connect()
    assert refused.value.response.status_code == 403
    assert refused.value.response.json()["code"] == "publishing_stopped"
    assert refused.value.response.json()["detail"] == "违禁内容"
    assert await control.current(str(node.room)) == StreamOrder(True, False, "违禁内容")

    await control.lift(str(node.room))
    third = node.client("whip")
    third.send(PacketTrack("video", h264_packets(300), 0.02))
    await third.connect()
    await until(lambda: len(node.events.started) == 2)
    for client in (host, again, third):
        await client.close()


async def test_a_muted_stream_goes_on_in_silence_also_for_the_tap(node: Node, redis: Redis) -> None:
    await StreamControl(redis).give(str(node.room), StreamOrder(muted=True))
    host = node.client("whip")
    host.send(PacketTrack("video", h264_packets(600), 0.02))
    host.send(PacketTrack("audio", opus_silence(600), 0.02))
    await host.connect()
    await until(lambda: node.events.started)
    crowd = Crowd()
    viewer = await crowd.join(node.http, f"{node.url}/whep/{node.room}", node.token("whep"))
    await crowd.connected()
    await until(lambda: viewer.packets > 100 and len(viewer.sources) == 2)
    state = node.engine.room(str(node.room))
    assert state is not None
    assert state.muted
    await StreamControl(redis).lift(str(node.room))
    await until(lambda: not node.engine.room(str(node.room)).muted)  # type: ignore[union-attr]
    await crowd.close()
    await host.close()


def opus(frame_ms: str) -> list[bytes]:
    """A loud tone in packets of a length."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate, codec.layout, codec.format = 48_000, "stereo", "s16"
    codec.options = {"frame_duration": frame_ms}
    wave = (np.sin(np.arange(48_000) * 0.05) * 20_000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None, :], format="s16", layout="stereo")
    frame.sample_rate = 48_000
    return [bytes(packet) for packet in [*codec.encode(frame), *codec.encode(None)]]


@pytest.mark.parametrize("frame_ms", ["2.5", "5", "10", "20", "40", "60"])
def test_silence_is_as_long_as_what_it_replaces(frame_ms: str) -> None:
    loud = opus(frame_ms)
    assert {duration_ms(packet) for packet in loud} == {float(frame_ms)}
    silent = [silence_like(packet) for packet in loud]
    assert {duration_ms(packet) for packet in silent} == {float(frame_ms)}
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = 48_000, "stereo"
    heard = [frame.to_ndarray() for packet in silent for frame in decoder.decode(av.Packet(packet))]
    assert sum(array.shape[1] for array in heard) == pytest.approx(48 * float(frame_ms) * len(silent))
    assert max(abs(array).max() for array in heard) < 1e-3


def test_what_is_no_opus_is_silenced_too() -> None:
    for packet in (b"", b"\xff", b"\xfb\x00", next(iter(tone(1)))):
        assert len(silence_like(packet)) >= 3


async def test_who_is_excluded_while_watching_is_cut_off_and_the_others_watch_on(redis: Redis) -> None:
    excluded: set[str] = set()
    async with running_node(redis, forbids=lambda subject, _: subject in excluded) as node:
        host = node.client("whip")
        host.send(PacketTrack("video", h264_packets(600), 0.02))
        await host.connect()
        await until(lambda: node.events.started)
        crowd = Crowd()
        for subject in ("calm", "rude"):
            token = node.tokens.issue("whep", subject, node.room, ttl_s=60)
            await crowd.join(node.http, f"{node.url}/whep/{node.room}", token)
        await crowd.connected()
        excluded.add("rude")
        await until(lambda: (room := node.engine.room(str(node.room))) is None or room.viewers == 1)
        state = node.engine.room(str(node.room))
        assert state is not None
        assert (state.viewers, state.publisher is not None) == (1, True)
        await crowd.close()
        await host.close()
