import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { decoded, MAX_SMALL_BYTES, readText, readWhole, whileItComes } from '../../lib/http/body';
import { isTooDeep, MAX_LEVELS } from '../../lib/http/json';

/** Where each bound lies, to the byte. */

const LATER = { withinMs: 60_000 };

/** A body as undici gives it: with a way to read it at once. */
const body = (pieces: Array<string | Buffer>) => {
	const stream: Readable & { text?(): Promise<string>; wasReadAtOnce?: boolean } = Readable.from(
		pieces.map((piece) => Buffer.from(piece)),
	);
	stream.text = async () => {
		stream.wasReadAtOnce = true;
		return (await stream.toArray()).join('');
	};
	return stream;
};

describe('a body as text', () => {
	test.each<[string[], number, string, 'whole' | 'large']>([
		[['ab', 'cd'], 5, 'abcd', 'whole'],
		[['ab', 'cd'], 4, 'abcd', 'whole'],
		[['ab', 'cd'], 3, 'abc', 'large'],
		[['ab', 'cd', 'ef'], 2, 'ab', 'large'],
		[['abcdef'], 1, 'a', 'large'],
		[['abcdef'], 0, '', 'large'],
		[[], 0, '', 'whole'],
	])('of %p with room for %d bytes', async (pieces, maxBytes, text, end) => {
		expect(await readText(body(pieces), { maxBytes, ...LATER })).toEqual({ text, end });
	});

	test('is put together where a character was cut in two', async () => {
		const bytes = Buffer.from('a😀ü');
		const pieces = Array.from(bytes, (byte) => Buffer.of(byte));
		expect(await readText(body(pieces), { maxBytes: 100, ...LATER })).toEqual({
			text: 'a😀ü',
			end: 'whole',
		});
	});

	test('that is cut within a character says so', async () => {
		const read = await readText(body(['aü']), { maxBytes: 2, ...LATER });
		expect(read).toEqual({ text: 'a\ufffd', end: 'large' });
	});

	test.each<[Record<string, string>, number, boolean]>([
		[{ 'content-length': '4' }, 4, true],
		[{ 'content-length': '4' }, 3, false],
		[{ 'content-length': '65535' }, 100_000, true],
		[{ 'content-length': '65536' }, 100_000, false],
		[{}, 100_000, false],
		[{ 'content-length': 'many' }, 100_000, false],
	])('with %p and room for %d bytes is read at once: %p', async (headers, maxBytes, atOnce) => {
		const stream = body(['abcd']);
		await readText(stream, { maxBytes, ...LATER }, headers);
		expect(stream.wasReadAtOnce ?? false).toBe(atOnce);
	});

	test('that is compressed is not read at once, however short', async () => {
		const zipped = gzipSync('abcd');
		const stream = body([zipped]);
		const headers = { 'content-encoding': 'gzip', 'content-length': String(zipped.length) };
		expect(await readText(stream, { maxBytes: 100, ...LATER }, headers)).toEqual({
			text: 'abcd',
			end: 'whole',
		});
		expect(stream.wasReadAtOnce).toBeUndefined();
	});

	test('that does not end is given up, with what came', async () => {
		const stream = new PassThrough();
		stream.write('ab');
		expect(await readText(stream, { maxBytes: 100, withinMs: 20 })).toEqual({
			text: 'ab',
			end: 'late',
		});
		expect(stream.destroyed).toBe(true);
	});

	test('that breaks off throws what it throws', async () => {
		const stream = new PassThrough();
		stream.write('ab');
		const read = readText(stream, { maxBytes: 100, ...LATER });
		stream.destroy(new Error('broken'));
		await expect(read).rejects.toThrow('broken');
	});

	test('is closed where it is too large', async () => {
		const stream = new PassThrough();
		stream.write('abc');
		await readText(stream, { maxBytes: 2, ...LATER });
		expect(stream.destroyed).toBe(true);
	});
});

describe('a body of which all is needed', () => {
	const whose = { origin: 'https://pbx', request: 'GET /x' };

	test.each<[number, string, string]>([
		[MAX_SMALL_BYTES, '64 kB', 'browser'],
		[1024, '1 kB', 'Maximum Response Size'],
		[1024 * 1024 - 1, '1024 kB', 'Maximum Response Size'],
		[1024 * 1024, '1 MB', 'Maximum Response Size'],
		[3 * 1024 * 1024, '3 MB', 'Maximum Response Size'],
	])('and has more than %d bytes', async (maxBytes, size, hint) => {
		const error: unknown = await readWhole(
			body(['x'.repeat(maxBytes + 1)]),
			{ maxBytes, ...LATER },
			whose,
		).catch((cause: unknown) => cause);
		expect(error).toMatchObject({
			kind: 'malformed',
			request: 'GET /x',
			message: `https://pbx sent more than ${size} in one answer`,
		});
		expect((error as { hint: string }).hint).toContain(hint);
	});

	test('and comes late', async () => {
		await expect(
			readWhole(new PassThrough(), { maxBytes: 1, withinMs: 49 }, whose),
		).rejects.toMatchObject({
			kind: 'timeout',
			request: 'GET /x',
			message: 'https://pbx began to answer and had not come to the end after 0 s',
		});
	});

	test('and is whole', async () => {
		expect(await readWhole(body(['ab']), { maxBytes: 2, ...LATER }, whose)).toBe('ab');
	});
});

test.each<[string | string[] | undefined]>([
	[undefined],
	[''],
	['identity'],
	[['identity', ' ']],
	['Identity, '],
])('%p is no compression', (coding) => {
	const stream = body(['a']);
	expect(decoded(stream, { 'content-encoding': coding })).toBe(stream);
});

test.each<[string | string[]]>([['gzip, br, gzip'], ['lzma'], [['gzip', 'toString']]])(
	'a body in %p is closed',
	(coding) => {
		const stream = new PassThrough();
		expect(() => decoded(stream, { 'content-encoding': coding })).toThrow(/compressed/);
		expect(stream.destroyed).toBe(true);
		// What it says later is nobody's business.
		stream.emit('error', new Error('late'));
	},
);

describe('a download', () => {
	const whose = { origin: 'https://pbx', request: 'GET /x' };
	const explain = (cause: Error) => new Error(`explained: ${cause.message}`);

	test('comes as it is, and closes what it comes from', async () => {
		const source = body(['ab', 'cd']);
		const out = whileItComes(source, 60_000, explain, whose);
		expect((await out.toArray()).join('')).toBe('abcd');
		expect(source.destroyed).toBe(true);
	});

	test('that nobody wants any more closes what it comes from', async () => {
		const source = new PassThrough();
		const out = whileItComes(source, 60_000, explain, whose);
		const closed = new Promise((resolve) => source.once('close', resolve));
		out.destroy();
		await closed;
	});

	test('that breaks off is explained', async () => {
		const source = new PassThrough();
		const read = whileItComes(source, 60_000, explain, whose).toArray();
		source.destroy(new Error('broken'));
		await expect(read).rejects.toThrow('explained: broken');
	});

	test('that brings next to nothing ends, and says how little', async () => {
		const source = new PassThrough();
		const read = whileItComes(source, 45, explain, whose).toArray();
		await expect(read).rejects.toMatchObject({
			kind: 'timeout',
			request: 'GET /x',
			message: expect.stringContaining('less than 5 bytes in 0 s') as string,
		});
		expect(source.destroyed).toBe(true);
	});

	/** In windows of 40 ms, 4 bytes are the least. */
	test.each([
		[4, 'goes on'],
		[3, 'ends'],
	])('that brings %d bytes in each window of four %s', async (bytes, outcome) => {
		const source = new PassThrough();
		const out = whileItComes(source, 40, explain, whose).resume();
		const ended = new Promise<string>((resolve) => out.once('error', () => resolve('ends')));
		// As the clock of the download sees it: a piece for each of its windows, before it looks.
		let windows = 0;
		const goesOn = new Promise<string>((resolve) => {
			const piece = () => {
				if (++windows > 5) return resolve('goes on');
				source.write('x'.repeat(bytes));
				setTimeout(piece, 40);
			};
			piece();
		});
		expect(await Promise.race([ended, goesOn])).toBe(outcome);
		out.destroy();
	});

	test('that begins well and then brings nothing ends, too', async () => {
		const source = new PassThrough();
		source.write('x'.repeat(100));
		const read = whileItComes(source, 30, explain, whose).toArray();
		await expect(read).rejects.toMatchObject({ kind: 'timeout' });
	});

	test('that its reader does not take is not ended', async () => {
		const source = new PassThrough();
		const out = whileItComes(source, 20, explain, whose);
		const failure = new Promise<string>((resolve) => out.once('error', () => resolve('failed')));
		source.write(Buffer.alloc(200_000));
		const waited = new Promise<string>((resolve) => setTimeout(() => resolve('waits'), 150));
		expect(await Promise.race([failure, waited])).toBe('waits');
		out.destroy();
	});
});

describe('the levels of a JSON text', () => {
	const nest = (open: string, close: string, levels: number, inside = '') =>
		open.repeat(levels) + inside + close.repeat(levels);

	test.each([
		['[', ']'],
		['{"a":', '}'],
	])('of %s: %s closes one', (open, close) => {
		expect(isTooDeep(nest(open, close, MAX_LEVELS, '1'))).toBe(false);
		expect(isTooDeep(nest(open, close, MAX_LEVELS + 1, '1'))).toBe(true);
		expect(isTooDeep(`[${`${nest(open, close, MAX_LEVELS - 1, '1')},`.repeat(3)}1]`)).toBe(false);
	});

	test.each(['"[["', '"\\"[["', '"\\\\"', '"\\\\\\"[["', '""', '"]]"', '"\\\\\\\\"'])(
		'brackets in the text %s count for nothing',
		(text) => {
			expect(isTooDeep(nest('[', ']', MAX_LEVELS, text))).toBe(false);
			expect(isTooDeep(nest('[', ']', MAX_LEVELS, `${text},[1]`))).toBe(true);
		},
	);

	test('nor do those behind a quote that nobody closes', () => {
		expect(isTooDeep(`"${'['.repeat(200)}`)).toBe(false);
	});
});
