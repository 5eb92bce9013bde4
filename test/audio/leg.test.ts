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
		expect(lengths.every((length) => length % 2 === 0)).toBe(true);
		expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(said.length);
	});
});

describe('a link that always breaks', () => {
	test('is given up after some tries', async () => {
		let tries = 0;
		const { leg } = legWith({
			speak: async () => {
				tries += 1;
				return await Promise.reject(broken());
			},
		});
		await expect(speak(leg, speech(100), never)).rejects.toMatchObject({ kind: 'unreachable' });
		expect(tries).toBe(6);
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
