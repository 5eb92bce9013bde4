import { Readable } from 'node:stream';
import { systemClock, type Clock } from '../../waiting/clock';
import { paced, Pacer } from '../../audio/pace';
import { bytesOf, msOf, SAMPLE_BYTES } from '../../audio/pcm';
import { record, type Recorded, type RecordRules } from '../../audio/record';
import { ThreeCxError } from '../../http/errors';
import { assertGoesOn } from '../../waiting/cancelled';
import type { CallControl } from './client';
import { STATUS } from './types';

/** A leg of a route point and what it takes to hear and speak on it. Only these legs have audio (protocol 2.8). */
export interface AudioLeg {
	control: CallControl;
	dn: string;
	id: number;
	/** Ends everything with an error: n8n's cancel signal. */
	signal?: AbortSignal;
	clock?: Clock;
}

/** How long to wait for a leg to be connected, or to have audio, in ms. */
const PATIENCE_MS = 10_000;

/** The first and the longest pause between two tries, in ms. */
const RETRY_MS = 100;
const RETRY_CAP_MS = 1_000;

/** How often audio that breaks off at once is tried again. */
const MAX_BREAKS = 5;

/** 404 and 424 until there is audio; 404 also when the leg is gone. */
const notReady = (error: ThreeCxError) => error.status === 424 || error.status === 404;

/**
 * Waits until the leg is Connected: before, the caller's audio is a ringing tone, and what is said gets lost
 * (protocol 2.8).
 *
 * @returns the leg
 * @throws ThreeCxError of kind `notFound` when it is gone, `impossible` when it is not connected in time
 */
export async function whenConnected(leg: AudioLeg, patienceMs = PATIENCE_MS) {
	const { control, dn, id, signal, clock = systemClock } = leg;
	const deadline = clock.now() + patienceMs;
	for (let pause = RETRY_MS; ; pause = Math.min(RETRY_CAP_MS, pause * 2)) {
		const participant = await control.participant(dn, id, signal);
		if (participant.status === STATUS.connected) return participant;
		if (clock.now() >= deadline) {
			throw new ThreeCxError({
				kind: 'impossible',
				message: `The call is not connected: it is ${participant.status}`,
				hint: 'Audio is available once someone has answered. With Make Call, set "Wait Until" to Answered; a ringing call is answered with Answer.',
			});
		}
		await clock.sleep(pause, signal);
		assertGoesOn(signal);
	}
}

/**
 * What the caller says, from now until the call ends. A stream that breaks off while the call goes on is opened again:
 * 3CX ends streams when the token is replaced (protocol 2.8).
 *
 * @param leg a connected leg of a route point
 * @param stop ends it without an error
 * @returns pieces of whole samples
 * @throws ThreeCxError with status 424 when there is no audio for a while
 */
export async function* callerAudio(leg: AudioLeg, stop: AbortSignal): AsyncGenerator<Buffer> {
	const { control, dn, id, signal, clock = systemClock } = leg;
	const until = signal ? AbortSignal.any([signal, stop]) : stop;
	for (let breaks = 0; ; breaks++) {
		const stream = await patiently(leg, until, async () => await control.listen(dn, id, until));
		if (stream) {
			const heard = { bytes: 0 };
			yield* wholeSamples(stream, heard);
			if (heard.bytes > 0) breaks = 0;
		}
		assertGoesOn(signal);
		if (stop.aborted || breaks >= MAX_BREAKS || !(await isThere(leg))) return;
		await clock.sleep(RETRY_MS, until);
	}
}

/** The stream in whole samples, until it ends or breaks. */
async function* wholeSamples(stream: Readable, heard: { bytes: number }): AsyncGenerator<Buffer> {
	let rest: Buffer = Buffer.alloc(0);
	// A stream that was dropped emits one more error, which nobody needs.
	stream.on('error', () => undefined);
	try {
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			const audio = Buffer.concat([rest, chunk]);
			const whole = audio.length - (audio.length % SAMPLE_BYTES);
			rest = audio.subarray(whole);
			heard.bytes += whole;
			if (whole > 0) yield audio.subarray(0, whole);
		}
	} catch {
		// It broke off, or was stopped: whoever reads it looks whether the call goes on.
	} finally {
		stream.destroy();
	}
}

/**
 * Records the caller. The length counts in audio, but a stream that does not flow ends it as well, a little later.
 *
 * @param leg a connected leg of a route point
 * @param rules when it ends, besides with the call
 * @param keep takes each piece, in order
 * @param stop ends it from outside
 * @returns what was recorded
 */
export async function recordCaller(
	leg: AudioLeg,
	rules: RecordRules,
	keep: (pcm: Buffer) => Promise<void>,
	stop: AbortSignal,
): Promise<Recorded> {
	const { clock = systemClock } = leg;
	const done = new AbortController();
	const late = new AbortController();
	const patience = clock.sleep(rules.maxMs + PATIENCE_MS, done.signal).then(() => {
		if (!done.signal.aborted) late.abort();
	});
	const audio = callerAudio(leg, AbortSignal.any([stop, late.signal]));
	const recorded = await record(audio, rules, keep, stop).finally(() => done.abort());
	await patience;
	return late.signal.aborted ? { ...recorded, endedBy: 'maximum' } : recorded;
}

/**
 * Says something to the caller, at the pace of real time. A transfer that breaks off while the call goes on is taken up
 * where it was.
 *
 * @param leg a connected leg of a route point
 * @param pcm whole samples
 * @param stop ends it without an error; at most half a second more is heard
 * @returns how much was sent, in ms; less than all when it was stopped or the call has ended
 * @throws ThreeCxError with status 424 when there is no audio for a while
 */
export async function speak(leg: AudioLeg, pcm: Buffer, stop: AbortSignal): Promise<number> {
	const { control, dn, id, signal, clock = systemClock } = leg;
	const until = signal ? AbortSignal.any([signal, stop]) : stop;
	const pacer = new Pacer(clock);
	let sent = 0;
	for (let breaks = 0; sent < pcm.length; breaks++) {
		const start = sent;
		// Ends the pacing of this try, with or without success.
		const over = new AbortController();
		const audio = () => {
			sent = start;
			const chunks = paced(pcm.subarray(start), pacer, AbortSignal.any([until, over.signal]));
			return Readable.from(
				counted(chunks, (bytes) => (sent += bytes)),
				{
					objectMode: false,
					highWaterMark: 1,
				},
			);
		};
		const forMs = msOf(pcm.length - start);
		const done = await patiently(leg, until, async () => {
			await control.speak(dn, id, audio, forMs, signal);
			return true;
		})
			.catch((error: ThreeCxError) => {
				// Refused, or broken off in the middle: only the second may pass.
				if (error.status !== undefined || breaks >= MAX_BREAKS) throw error;
				return undefined;
			})
			.finally(() => over.abort());
		assertGoesOn(signal);
		if (stop.aborted || (!done && !(await isThere(leg)))) return msOf(sent);
		if (!done) await clock.sleep(RETRY_MS, until);
	}
	await pacer.drained(until);
	assertGoesOn(signal);
	return msOf(sent);
}

async function* counted(
	chunks: AsyncIterable<Buffer>,
	count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
	for await (const chunk of chunks) {
		count(chunk.length);
		yield chunk;
	}
}

/**
 * Tries until the leg has audio.
 *
 * @returns what `attempt` returned; undefined when the leg is gone or it was stopped
 * @throws the last refusal when it takes too long, any other failure at once
 */
async function patiently<T>(
	leg: AudioLeg,
	until: AbortSignal,
	attempt: () => Promise<T>,
): Promise<T | undefined> {
	const { clock = systemClock } = leg;
	const deadline = clock.now() + PATIENCE_MS;
	for (let pause = RETRY_MS; !until.aborted; pause = Math.min(RETRY_CAP_MS, pause * 2)) {
		const result = await attempt().catch((error: ThreeCxError) => error);
		if (until.aborted) break;
		if (!(result instanceof ThreeCxError)) return result;
		if (!notReady(result)) throw result;
		if (!(await isThere(leg))) return undefined;
		if (clock.now() >= deadline) throw result;
		await clock.sleep(pause, until);
	}
	return undefined;
}

/** Whether the leg still exists. */
async function isThere({ control, dn, id, signal }: AudioLeg): Promise<boolean> {
	const found = await control.participant(dn, id, signal).catch((error: ThreeCxError) => error);
	if (!(found instanceof ThreeCxError)) return true;
	if (found.kind === 'notFound') return false;
	throw found;
}

/** Longest audio that can be played at once, in bytes: half an hour. */
export const MAX_SPEECH_BYTES = bytesOf(30 * 60_000);
