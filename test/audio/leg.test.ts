import { Readable } from 'node:stream';
import { callerAudio, recordCaller, speak, whenConnected } from '../../lib/callcontrol/rest/audio';
import type { CallControl } from '../../lib/callcontrol/rest/client';
import { ThreeCxError } from '../../lib/http/errors';
import { leg as participant } from '../callcontrol/samples';
import { InstantClock } from '../support/clocks';
import { speech } from './samples';

/** The patience of the audio functions, on a clock where waiting takes no time; the PBX is as the test says. */

const refusal = (status: number) =>
	new ThreeCxError({
		kind: status === 404 ? 'notFound' : 'impossible',
		message: `HTTP ${status}`,
		hint: '',
		status,
	});

const broken = () => new ThreeCxError({ kind: 'unreachable', message: 'broke', hint: '' });

const never = new AbortController().signal;

function legWith(control: Partial<CallControl>) {
	const clock = new InstantClock();
	const there = async () => await Promise.resolve(participant({ status: 'Connected' }));
	return {
		clock,
		leg: { control: { participant: there, ...control } as CallControl, dn: 'app', id: 1, clock },
	};
}

async function allOf(audio: AsyncIterable<Buffer>): Promise<Buffer> {
	const pieces: Buffer[] = [];
	for await (const piece of audio) pieces.push(piece);
	return Buffer.concat(pieces);
}

describe('a leg without audio yet', () => {
	test('is asked with growing pauses for ten seconds, then the 424 is told', async () => {
		const { clock, leg } = legWith({ listen: async () => await Promise.reject(refusal(424)) });
		await expect(allOf(callerAudio(leg, never))).rejects.toMatchObject({ status: 424 });
		expect(clock.sleeps.slice(0, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
		expect(clock.now()).toBeGreaterThanOrEqual(10_000);
		expect(clock.now()).toBeLessThan(12_000);
	});

	test('is heard as soon as it has some', async () => {
		const answers = [refusal(424), refusal(404), Readable.from([speech(40)]), refusal(404)];
		let isThere = true;
		const { leg } = legWith({
			listen: async () => {
				const answer = answers.shift()!;
				if (answer instanceof Error) throw answer;
				isThere = false;
				return await Promise.resolve(answer);
			},
			participant: async () => {
				if (!isThere && answers.length === 1) throw refusal(404);
				return await Promise.resolve(participant({ status: 'Connected' }));
			},
		});
		expect(await allOf(callerAudio(leg, never))).toEqual(speech(40));
	});

	test('that is not Connected is waited for, then said', async () => {
		const { clock, leg } = legWith({
			participant: async () => await Promise.resolve(participant({ status: 'Dialing' })),
		});
		await expect(whenConnected(leg)).rejects.toMatchObject({
			kind: 'impossible',
			message: 'The call is not connected: it is Dialing',
		});
		expect(clock.now()).toBeGreaterThanOrEqual(10_000);
	});

	test('any other refusal is told at once', async () => {
		const { clock, leg } = legWith({
			listen: async () => await Promise.reject(refusal(403)),
			speak: async () => await Promise.reject(refusal(403)),
		});
		await expect(allOf(callerAudio(leg, never))).rejects.toMatchObject({ status: 403 });
		await expect(speak(leg, speech(100), never)).rejects.toMatchObject({ status: 403 });
		expect(clock.sleeps).toEqual([]);
	});
});

describe('audio that arrives in odd pieces', () => {
	test('is put together to whole samples', async () => {
		const said = speech(30);
		const pieces = [
			said.subarray(0, 3),
			said.subarray(3, 4),
			said.subarray(4, 101),
			said.subarray(101),
		];
		let opened = 0;
		const { leg } = legWith({
			listen: async () => await Promise.resolve(Readable.from(opened++ === 0 ? pieces : [])),
			participant: async () => await Promise.reject(refusal(404)),
		});
		const lengths: number[] = [];
		for await (const piece of callerAudio(leg, never)) lengths.push(piece.length);
		expect(lengths.every((length) => length > 0 && length % 2 === 0)).toBe(true);
		expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(said.length);
	});
});

describe('a link that always breaks', () => {
	test('is given up after some tries', async () => {
		let tries = 0;
		const { leg, clock } = legWith({
			speak: async () => {
				tries += 1;
				return await Promise.reject(broken());
			},
		});
		await expect(speak(leg, speech(100), never)).rejects.toMatchObject({ kind: 'unreachable' });
		expect(tries).toBe(6);
		expect(clock.sleeps).toEqual([100, 100, 100, 100, 100]);
	});
});

test('a stream that does not flow ends the recording at its longest', async () => {
	const silent = new Readable({ read: () => undefined });
	const { leg } = legWith({
		listen: async (_dn, _id, signal) => {
			signal!.addEventListener('abort', () => silent.destroy());
			return await Promise.resolve(silent);
		},
	});
	const recorded = await recordCaller(
		leg,
		{ maxMs: 5_000 },
		async () => await Promise.resolve(),
		never,
	);
	expect(recorded).toMatchObject({ endedBy: 'maximum', ms: 0 });
});

describe('waiting for a leg to be Connected', () => {
	const within = async (statuses: string[], patienceMs?: number) => {
		const { clock, leg } = legWith({
			participant: async () =>
				await Promise.resolve(
					participant({ status: statuses.length > 1 ? statuses.shift() : statuses[0] }),
				),
		});
		const outcome = await whenConnected(leg, patienceMs).catch((error: ThreeCxError) => error.kind);
		return { outcome, sleeps: clock.sleeps, ms: clock.now() };
	};

	test('takes no time where it is', async () => {
		const { outcome, sleeps } = await within(['Connected']);
		expect(outcome).toMatchObject({ status: 'Connected' });
		expect(sleeps).toEqual([]);
	});

	test('looks again after growing pauses', async () => {
		const { outcome, sleeps } = await within([...Array<string>(6).fill('Ringing'), 'Connected']);
		expect(outcome).toMatchObject({ status: 'Connected' });
		expect(sleeps).toEqual([100, 200, 400, 800, 1_000, 1_000]);
	});

	test('ends when its time is up, after a last look', async () => {
		expect(await within(['Ringing'], 300)).toEqual({
			outcome: 'impossible',
			sleeps: [100, 200],
			ms: 300,
		});
		expect((await within(['Ringing'], 301)).sleeps).toEqual([100, 200, 400]);
		expect((await within(['Ringing'])).ms).toBe(10_500);
	});

	test('ends when the execution is stopped', async () => {
		const stop = new AbortController();
		let asked = 0;
		const { leg } = legWith({
			participant: async () => {
				if (++asked === 2) stop.abort();
				return await Promise.resolve(participant({ status: 'Ringing' }));
			},
		});
		await expect(whenConnected({ ...leg, signal: stop.signal })).rejects.toMatchObject({
			kind: 'cancelled',
		});
		expect(asked).toBe(2);
	});
});

describe('what the caller says', () => {
	/** Streams by turns: bytes, and whether each breaks off; then nothing more comes. */
	const saying = (
		pieces: Array<Buffer | Error>,
		{ isThere, onListen }: { isThere?: () => boolean; onListen?: () => void } = {},
	) => {
		let opened = 0;
		const made = legWith({
			listen: async () => {
				onListen?.();
				const piece = pieces[opened++] ?? Buffer.alloc(0);
				const stream = new Readable({ read: () => undefined });
				if (piece instanceof Error) stream.destroy(piece);
				else {
					if (piece.length > 0) stream.push(piece);
					stream.push(null);
				}
				return await Promise.resolve(stream);
			},
			participant: async () => {
				if (isThere && !isThere()) throw refusal(404);
				return await Promise.resolve(participant({ status: 'Connected' }));
			},
		});
		return { ...made, opened: () => opened };
	};

	test('is heard again after each break, while the call goes on', async () => {
		const said = [speech(20), speech(30), speech(10)];
		const { leg, opened, clock } = saying(said, { isThere: () => opened() < 3 });
		expect(await allOf(callerAudio(leg, never))).toEqual(Buffer.concat(said));
		expect([opened(), clock.sleeps]).toEqual([3, [100, 100]]);
	});

	test('is not waited for where it breaks off six times in a row without a sound', async () => {
		const { leg, opened } = saying([]);
		expect((await allOf(callerAudio(leg, never))).length).toBe(0);
		expect(opened()).toBe(6);
	});

	test('begins the count anew after each sound', async () => {
		const silence = Array<Buffer>(5).fill(Buffer.alloc(0));
		const { leg, opened } = saying([...silence, speech(20), ...silence, new Error('broke')]);
		expect(await allOf(callerAudio(leg, never))).toEqual(speech(20));
		expect(opened()).toBe(11);
	});

	test('ends without an error when it is stopped, with one when the execution is', async () => {
		const stop = new AbortController();
		const one = saying([speech(20), speech(20)], { onListen: () => stop.abort() });
		await allOf(callerAudio(one.leg, stop.signal));
		expect(one.opened()).toBe(1);
		const cancel = new AbortController();
		const two = saying([speech(20)], { onListen: () => cancel.abort() });
		await expect(
			allOf(callerAudio({ ...two.leg, signal: cancel.signal }, never)),
		).rejects.toMatchObject({ kind: 'cancelled' });
		const three = saying([speech(20)]);
		await expect(
			allOf(callerAudio({ ...three.leg, signal: AbortSignal.abort() }, never)),
		).rejects.toMatchObject({ kind: 'cancelled' });
		expect(three.opened()).toBe(0);
	});

	test('is an error where it cannot be known whether the call goes on', async () => {
		const { leg } = saying([speech(20)], {
			isThere: () => {
				throw refusal(500);
			},
		});
		await expect(allOf(callerAudio(leg, never))).rejects.toMatchObject({ status: 500 });
	});
});

describe('what is said to the caller', () => {
	/** A PBX that takes so many bytes of each try, and then does what it is told to. */
	const taking = (
		tries: Array<{ bytes: number; fail?: ThreeCxError }>,
		isThere: () => boolean = () => true,
	) => {
		const heard: Buffer[] = [];
		const forMs: number[] = [];
		/** When each try began and ended. */
		const times: Array<{ from: number; to: number }> = [];
		const made = legWith({
			speak: async (_dn, _id, audio, ms) => {
				const from = made.clock.now();
				const { bytes, fail } = tries[heard.length] ?? { bytes: Infinity };
				forMs.push(ms);
				const pieces: Buffer[] = [];
				let length = 0;
				for await (const piece of audio() as AsyncIterable<Buffer>) {
					pieces.push(piece);
					length += piece.length;
					if (length >= bytes) break;
				}
				heard.push(Buffer.concat(pieces));
				times.push({ from, to: made.clock.now() });
				if (fail) throw fail;
			},
			participant: async () => {
				if (!isThere()) throw refusal(404);
				return await Promise.resolve(participant({ status: 'Connected' }));
			},
		});
		return { ...made, heard, forMs, times };
	};

	test('arrives whole, and takes as long as it is', async () => {
		const { leg, heard, forMs } = taking([]);
		expect(await speak(leg, speech(1_000), never)).toBe(1_000);
		expect(heard).toEqual([speech(1_000)]);
		expect(forMs).toEqual([1_000]);
	});

	test('goes on after a break where it was', async () => {
		const { leg, heard, forMs, times } = taking([{ bytes: 3_200, fail: broken() }]);
		const pcm = speech(1_000);
		expect(await speak(leg, pcm, never)).toBe(1_000);
		expect(heard).toHaveLength(2);
		expect(forMs[0]).toBe(1_000);
		expect(forMs[1]).toBeLessThan(1_000);
		expect(heard[1]!.equals(pcm.subarray(pcm.length - heard[1]!.length))).toBe(true);
		// Nothing is left out; what was on its way when it broke may be lost.
		expect(heard[0]!.length + heard[1]!.length).toBeGreaterThan(pcm.length - 16_000);
		// The PBX has a moment before it is tried again.
		expect(times[1]!.from - times[0]!.to).toBe(100);
	});

	test('ends with the call', async () => {
		const { leg, heard } = taking([{ bytes: 3_200, fail: broken() }], () => false);
		expect(await speak(leg, speech(1_000), never)).toBeLessThan(1_000);
		expect(heard).toHaveLength(1);
	});

	test('is nothing where there is nothing to say', async () => {
		const { leg, heard } = taking([]);
		expect(await speak(leg, Buffer.alloc(0), never)).toBe(0);
		expect(heard).toEqual([]);
	});

	test('is refused once where it is refused in the middle', async () => {
		const { leg, heard } = taking([{ bytes: 3_200, fail: refusal(500) }]);
		await expect(speak(leg, speech(1_000), never)).rejects.toMatchObject({ status: 500 });
		expect(heard).toHaveLength(1);
	});

	test('ends without an error when it is stopped, with one when the execution is', async () => {
		const stop = new AbortController();
		const one = taking([{ bytes: 1, fail: broken() }], () => (stop.abort(), true));
		expect(await speak(one.leg, speech(1_000), stop.signal)).toBeLessThan(1_000);
		const cancel = new AbortController();
		const two = taking([{ bytes: 1, fail: broken() }], () => (cancel.abort(), true));
		await expect(
			speak({ ...two.leg, signal: cancel.signal }, speech(1_000), never),
		).rejects.toMatchObject({ kind: 'cancelled' });
		const three = taking([]);
		expect(await speak(three.leg, speech(100), AbortSignal.abort())).toBe(0);
		expect(three.heard).toEqual([]);
	});
});
