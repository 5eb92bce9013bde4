import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** A file for audio whose length is not known before it ends, and that need not fit into memory. */
export interface Spool {
	/** Bytes in it. */
	readonly bytes: number;
	append(chunk: Buffer): Promise<void>;
	/**
	 * @param header goes before what was appended
	 * @returns all of it, from the start
	 */
	read(header: Buffer): Readable;
}

/**
 * Lends a temporary file that only this user may read: recordings are private.
 *
 * @param use works with it
 * @returns what `use` returns; the file is gone then, also if it fails
 */
export async function withSpool<T>(use: (spool: Spool) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), '3cx-audio-')); // mode 0700
	const path = join(folder, 'audio');
	const file = await open(path, 'w', 0o600);
	let bytes = 0;
	try {
		return await use({
			get bytes() {
				return bytes;
			},
			async append(chunk) {
				await file.writeFile(chunk);
				bytes += chunk.length;
			},
			read: (header) =>
				Readable.from(
					(async function* () {
						if (header.length > 0) yield header;
						yield* createReadStream(path) as AsyncIterable<Buffer>;
					})(),
					{ objectMode: false },
				),
		});
	} finally {
		await file.close();
		await rm(folder, { recursive: true, force: true });
	}
}
