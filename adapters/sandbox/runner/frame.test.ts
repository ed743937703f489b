import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder, MAX_PAYLOAD_BYTES, encodeHeader, type Frame } from './frame.ts';

const FRAMES = fc.array(
  fc.record({
    type: fc.integer({ min: 1, max: 11 }),
    channel: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 8 },
);
const CUTS = fc.array(fc.nat(2_000), { maxLength: 12 });

function encode(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ type, channel, payload }) => [
      encodeHeader(type, channel, payload.length),
      payload,
    ]),
  );
}

function decode(bytes: Buffer, cuts: readonly number[]): Frame[] {
  const decoder = new FrameDecoder();
  const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])];
  places.sort((one, other) => one - other);
  return places.flatMap((place, index) => decoder.push(bytes.subarray(place, places[index + 1])));
}

test('gives the same frames however the bytes are cut', () => {
  fc.assert(
    fc.property(FRAMES, CUTS, (frames, cuts) => {
      expect(decode(encode(frames), cuts)).toEqual(frames);
    }),
  );
});

test.each([
  ['another magic', 0],
  ['another type than its checksum says', 2],
  ['a used reserved byte', 3],
  ['another channel than its checksum says', 7],
  ['another length than its checksum says', 11],
])('refuses a frame with %s', (_what, place) => {
  const bytes = encodeHeader(3, 1, 0);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  expect(() => new FrameDecoder().push(bytes)).toThrow('no frame');
});

test('never makes room for more than the longest payload', () => {
  const bytes = encodeHeader(3, 1, MAX_PAYLOAD_BYTES + 1);
  expect(() => new FrameDecoder().push(bytes)).toThrow('no frame');
});
