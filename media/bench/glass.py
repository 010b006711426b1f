"""From a camera in Chromium to a screen in Chromium: a clock that is burnt into the picture, read back.

The camera is a canvas on which blocks show the time at which they were drawn; Chromium's own
encoder, WHIP, the node, WHEP and Chromium's own decoder lie between it and the read-back.
"""

from playwright.async_api import Page

from media.bench.browser import HEIGHT, WATCH, WIDTH
from media.bench.processes import BenchNode

STAMP_BITS, STAMP_BLOCK = 44, 16

_CAMERA = """async ([url, token, width, height, bits, block]) => {
  const canvas = document.createElement('canvas');
  canvas.width = width; canvas.height = height;
  document.body.append(canvas);
  const context = canvas.getContext('2d');
  const stream = canvas.captureStream(0);
  const track = stream.getVideoTracks()[0];
  let turn = 0;
  window.camera = setInterval(() => {
    context.fillStyle = `hsl(${turn++ % 360} 40% 40%)`;
    context.fillRect(0, 0, width, height - block * 2);
    context.fillStyle = '#fff';
    context.fillRect((turn * 7) % width, height / 3, 120, 120);
    const now = Math.round(performance.timeOrigin + performance.now());
    const text = now.toString(2).padStart(bits, '0');
    for (let bit = 0; bit < bits; bit++) {
      context.fillStyle = text[bit] === '1' ? '#fff' : '#000';
      context.fillRect(bit * block, height - block * 2, block, block * 2);
    }
    track.requestFrame();
  }, 1000 / 30);
  const pc = window.host = new RTCPeerConnection();
  const transceiver = pc.addTransceiver(track, {direction: 'sendonly',
    sendEncodings: [{maxBitrate: 2500000}]});
  const codecs = RTCRtpSender.getCapabilities('video').codecs;
  transceiver.setCodecPreferences(codecs.filter(c => ['video/h264', 'video/rtx'].includes(c.mimeType.toLowerCase())));
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await fetch(url, {method: 'POST', body: pc.localDescription.sdp,
    headers: {Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp'}});
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}"""

_SCREEN = (
    "async ([url, token, seconds, bits, block, height]) => {"
    + WATCH
    + """
  const {pc, video} = await watch(url, token);
  await new Promise(resolve => setTimeout(resolve, 3000));
  const canvas = document.createElement('canvas');
  canvas.width = bits;
  canvas.height = 1;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const delays = [];
  const until = performance.now() + seconds * 1000;
  await new Promise(resolve => {
    const look = () => {
      const scale = video.videoHeight / height;
      context.drawImage(video, 0, (height - block) * scale, bits * block * scale, 2, 0, 0, bits, 1);
      const pixels = context.getImageData(0, 0, bits, 1).data;
      const now = performance.timeOrigin + performance.now();
      let stamp = 0;
      for (let bit = 0; bit < bits; bit++) stamp = stamp * 2 + (pixels[4 * bit + 1] > 125 ? 1 : 0);
      delays.push(now - stamp);
      if (performance.now() < until) video.requestVideoFrameCallback(look); else resolve();
    };
    video.requestVideoFrameCallback(look);
  });
  pc.close();
  video.remove();
  return delays;
}"""
)

_STOP = "() => { clearInterval(window.camera); window.host.close(); }"


async def camera_to_screen(page: Page, node: BenchNode, seconds: float) -> list[float]:
    """Milliseconds from drawing on the camera's canvas to reading the picture back, frame by frame.

    `page` watches; another page of the same browser is the host, in a room of its own.
    """
    assert page.context.browser is not None
    host = await (await page.context.browser.new_context()).new_page()
    try:
        await host.goto(f"{node.url}/healthz")
        whip, whep = node.endpoint("whip", second=True), node.endpoint("whep", second=True)
        camera = [whip, node.token("whip", second=True), WIDTH, HEIGHT, STAMP_BITS, STAMP_BLOCK]
        await host.evaluate(_CAMERA, camera)
        await node.live(second=True)
        screen = [whep, node.token("whep", second=True), seconds, STAMP_BITS, STAMP_BLOCK, HEIGHT]
        delays: list[float] = await page.evaluate(_SCREEN, screen)
        await host.evaluate(_STOP)
        return delays
    finally:
        await host.close()
