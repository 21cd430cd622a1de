import { inflateRawSync } from 'node:zlib'

/**
 * One file of a ZIP archive (PKWARE APPNOTE 4.3), stored or deflated, without ZIP64. Not every machine has an
 * unzip, and every one here has Node.
 */
export const readZip = (zip: Buffer, name: string): Buffer => {
  const end = zip.lastIndexOf(endOfDirectory)
  if (end < 0) throw new Error('not a ZIP archive')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) return contentOf(zip, at, name)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error(`no ${name} in the archive`)
}

const endOfDirectory = Buffer.from([0x50, 0x4b, 0x05, 0x06])

/** `entry` is where the file's record in the central directory begins: only that one is sure to have the sizes. */
const contentOf = (zip: Buffer, entry: number, name: string): Buffer => {
  const method = zip.readUInt16LE(entry + 10)
  const packed = zip.readUInt32LE(entry + 20)
  const header = zip.readUInt32LE(entry + 42)
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
  const data = zip.subarray(start, start + packed)
  const content = method === 8 ? inflateRawSync(data) : data
  if (content.length !== zip.readUInt32LE(entry + 24)) throw new Error(`${name} is cut short`)
  return content
}
