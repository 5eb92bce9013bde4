import { pipeline, Transform, type Duplex, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { own } from '../own';
import { ThreeCxError } from './errors';

/** The most that is read of an answer of which only a few words matter (an error, a token), in bytes. */
export const MAX_SMALL_BYTES = 65_536;

/** The most that is read of one JSON answer unless a request says otherwise, in bytes: a page of a list has 0.1 MB. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Headers of an answer, names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What proxies compress with, though nobody has asked for it (protocol 3.6). */
const DECODERS: Readonly<Record<string, () => Duplex>> = {
	gzip: createGunzip,
	'x-gzip': createGunzip,
	deflate: createInflate,
	br: createBrotliDecompress,
};

/** One proxy compresses, a second one may do it again; more of them would be an attack. */
const MAX_CODINGS = 2;

const codingsOf = (headers: AnswerHeaders): string[] =>
	[headers['content-encoding'] ?? []]
		.flat()
		.flatMap((each) => each.toLowerCase().split(','))
		.map((each) => each.trim())
		.filter((each) => each !== '' && each !== 'identity');

/**
 * Undoes the compression of a body. What comes out is bounded by whoever reads it: a few bytes may stand for very many.
 *
 * @param body of an answer
 * @param headers of the answer
 * @returns the body itself where it is not compressed; else a stream: destroying it destroys the body
 * @throws ThreeCxError of kind `malformed` for a compression that nobody has asked for and that is not known
 */
export function decoded<Body extends Readable>(
	body: Body,
	headers: AnswerHeaders,
): Body | Readable {
	const codings = codingsOf(headers);
	const decoders = codings.map((coding) => own(DECODERS, coding));
	if (codings.length > MAX_CODINGS || decoders.includes(undefined)) {
		body.on('error', () => undefined).destroy();
		throw new ThreeCxError({
			kind: 'malformed',
			message: `The answer is compressed in a way that cannot be read: ${codings.join(', ').slice(0, 40)}`,
			hint: 'A proxy in front of the PBX compresses what was not asked to be compressed: switch that off there, or let it use gzip.',
		});
	}
	return decoders.reduceRight<Body | Readable>(
		(source, make) => pipeline(source, make!(), () => undefined),
		body,
	);
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
	/** In bytes, decompressed. */
	maxBytes: number;
	/** From now to the last byte, in ms. A body that drips would end no other time-out. */
	withinMs: number;
}

/** What was read of a body. */
export interface ReadBody {
	/** As far as it was read. */
	text: string;
	/** Whether that is all, or why not: it was `large`, or `late`. The rest is not wanted then, and the body destroyed. */
	end: 'whole' | 'large' | 'late';
}

/** Pieces are decoded as they come from this size on, in bytes; below it, a body of known length is read at once. */
const LARGE = 65_536;

/**
 * Reads a body as text, and ends: at its end, at a size, or after a time.
 *
 * A large one is decoded as it comes: glued together first it would lie in memory twice, outside of V8's heap, and piles
 * there make V8 look through all of n8n's heap for garbage (`npm run bench -- --only list`).
 *
 * @param coded body of an answer
 * @param limits how much, and how long
 * @param headers of the answer, unless the body is decompressed already. The HTTP client lets no more through than
 *   `content-length` says
 * @returns the text, and whether it is all
 * @throws what the body throws, when it breaks off
 */
export async function readText(
	coded: Readable & { text?(): Promise<string> },
	{ maxBytes, withinMs }: BodyLimits,
	headers: AnswerHeaders = {},
): Promise<ReadBody> {
	const body = decoded(coded, headers);
	let end = 'whole' as ReadBody['end'];
	// What ends it here ends it with an error, which nobody is to hear of.
	body.on('error', () => undefined);
	const clock = setTimeout(() => {
		end = 'late';
		body.destroy(new Error('The answer took too long'));
	}, withinMs);
	let text = '';
	const read = async () => {
		const told = Number(headers['content-length'] ?? Infinity);
		const isShort = told < LARGE && told <= maxBytes && body === coded;
		if (isShort && coded.text) return (text = await coded.text());
		const decoder = new TextDecoder();
		let bytes = 0;
		for await (const piece of body as AsyncIterable<Buffer>) {
			const kept = piece.subarray(0, maxBytes - bytes);
			bytes += piece.length;
			text += decoder.decode(kept, { stream: true });
			if (bytes <= maxBytes) continue;
			end = 'large';
			break;
		}
		return (text += decoder.decode());
	};
	await read()
		.catch((cause: unknown) => {
			if (end !== 'late') throw cause;
		})
		.finally(() => clearTimeout(clock));
	return { text, end };
}

/**
 * Reads a body of which all is needed.
 *
 * @param whose the PBX and the request, for the error
 * @returns the text
 * @throws ThreeCxError of kind `malformed` when it is larger than it may be, `timeout` when it does not end in time; what
 *   the body throws, when it breaks off
 */
export async function readWhole(
	body: Readable,
	limits: BodyLimits,
	whose: { origin: string; request: string },
	headers?: AnswerHeaders,
): Promise<string> {
	const { text, end } = await readText(body, limits, headers);
	if (end === 'whole') return text;
	throw end === 'large' ? tooLarge(limits, whose) : tooLate(limits, whose);
}

const tooLarge = (
	{ maxBytes }: BodyLimits,
	{ origin, request }: { origin: string; request: string },
) =>
	new ThreeCxError({
		kind: 'malformed',
		message: `${origin} sent more than ${sizeOf(maxBytes)} in one answer`,
		hint:
			maxBytes === MAX_SMALL_BYTES
				? 'Something else than 3CX may be answering at the Server URL: open it in a browser.'
				: 'The rest was not read, so that n8n does not run out of memory. Read less at once (fewer fields, a filter, a shorter period), or raise "Maximum Response Size (MB)" in the Request Options.',
		request,
	});

const tooLate = (
	{ withinMs }: BodyLimits,
	{ origin, request }: { origin: string; request: string },
) =>
	new ThreeCxError({
		kind: 'timeout',
		message: `${origin} began to answer and had not come to the end after ${secondsOf(withinMs)}`,
		hint: 'Read less at once (fewer fields, a filter, a shorter period), or increase "Timeout (Seconds)" in the Request Options. If small responses also take this long, check the network between n8n and the PBX.',
		request,
	});

const sizeOf = (bytes: number) =>
	bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${Math.round(bytes / 1024 / 1024)} MB`;

const secondsOf = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** A download that brings fewer bytes a second than this is not coming. */
const LEAST_BYTES_PER_S = 100;

/**
 * Hands a download on, and ends it when it hardly comes any more: a byte now and then ends no other time-out. Time in
 * which its reader does not want more does not count.
 *
 * @param source the body
 * @param windowMs so long it may bring next to nothing, in ms
 * @param explain puts what ended the source into words
 * @param whose the PBX and the request, for the error
 * @returns the same bytes; destroying it destroys the source
 */
export function whileItComes(
	source: Readable,
	windowMs: number,
	explain: (cause: Error) => Error,
	{ origin, request }: { origin: string; request: string },
): Readable {
	let bytes = 0;
	let isWaitedFor = true;
	const least = Math.ceil((windowMs / 1000) * LEAST_BYTES_PER_S);
	const out = new Transform({
		highWaterMark: LARGE,
		transform(piece: Buffer, _encoding, done) {
			bytes += piece.length;
			// Until the reader takes it, the PBX is not to blame for the pause.
			isWaitedFor = this.readableLength + piece.length < LARGE;
			done(null, piece);
		},
		destroy(cause, done) {
			clearInterval(clock);
			source.destroy();
			done(cause);
		},
		flush(done) {
			clearInterval(clock);
			done();
		},
	});
	const clock = setInterval(() => {
		if (bytes < least && isWaitedFor && out.readableLength < LARGE) out.destroy(stalled());
		isWaitedFor = out.readableLength < LARGE;
		bytes = 0;
	}, windowMs);
	clock.unref();
	const stalled = () =>
		new ThreeCxError({
			kind: 'timeout',
			message: `${origin} has as good as stopped in the middle of a download: less than ${least} bytes in ${secondsOf(windowMs)}`,
			hint: 'Try again; if it happens often, check the load of the PBX and the network between the PBX and n8n.',
			request,
		});
	source.on('error', (cause) => out.destroy(explain(cause)));
	source.pipe(out);
	return out;
}
