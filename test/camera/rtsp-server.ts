import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

// In the order of RFC 2326; the track carries H.264 as in RFC 6184, its parameter sets in the stream.
const SDP = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=door',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  'a=control:track1',
  '',
].join('\r\n');

/**
 * A network camera that speaks just enough RTSP: it asks for a password (Basic), and passes the RTP packets that an encoding
 * ffmpeg sends it on within the RTSP connection (RFC 2326 clause 10.12).
 * @param userInfo user:password
 * @returns the port
 */
export async function serveRtsp(userInfo: string): Promise<number> {
  const players = new Set<Socket>();
  const rtp = createSocket('udp4');
  await new Promise<void>((resolve) => rtp.bind(0, '127.0.0.1', resolve));
  rtp.on('message', (packet) => {
    const frame = Buffer.concat([Buffer.from([0x24, 0, packet.length >> 8, packet.length & 0xff]), packet]);
    for (const player of players) player.write(frame);
  });
  const encoder = spawn('ffmpeg', [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=15'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '15', '-pix_fmt', 'yuv420p'],
    ...['-f', 'rtp', `rtp://127.0.0.1:${rtp.address().port}?pkt_size=1200`],
  ]);

  const authorization = `Basic ${Buffer.from(userInfo).toString('base64')}`;
  const server = createServer((socket) => {
    let received = '';
    socket.on('error', () => players.delete(socket)).on('close', () => players.delete(socket));
    socket.on('data', (data) => {
      received += data.toString('latin1');
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        answer(socket, received.slice(0, end));
        received = received.slice(end + 4);
      }
    });
  });

  function answer(socket: Socket, request: string): void {
    const [method, address] = request.split(' ');
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1]?.trim();
    const reply = (status: string, headers: readonly string[] = [], body = '') =>
      socket.write([`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq') ?? ''}`, ...headers, '', body].join('\r\n'));

    if (method !== 'OPTIONS' && header('Authorization') !== authorization) {
      reply('401 Unauthorized', ['WWW-Authenticate: Basic realm="door"']);
    } else if (method === 'DESCRIBE') {
      reply('200 OK', ['Content-Type: application/sdp', `Content-Base: ${address}/`, `Content-Length: ${SDP.length}`], SDP);
    } else if (method === 'SETUP') {
      reply('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
    } else {
      reply('200 OK', method === 'OPTIONS' ? ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN'] : ['Session: 1']);
      if (method === 'PLAY') players.add(socket);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const ended = new Promise((resolve) => encoder.once('close', resolve));
    encoder.kill('SIGKILL');
    await ended;
    rtp.close();
    for (const player of players) player.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
