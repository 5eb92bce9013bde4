import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal, type CallEngine, type Participant } from '../../../sandbox/pbx/callcontrol';
import { seeded } from '../../../sandbox/pbx/callcontrol/random';

type Random = () => number;

/**
 * A way in which a call can go; a step that the PBX refuses (the voicemail has answered already) ends it.
 * `begin` takes the call that it begins.
 */
type Scene = (
	engine: CallEngine,
	random: Random,
	begin: (callid: number) => number,
) => Promise<void>;

const between = (random: Random, from: number, to: number) =>
	Math.round(from + random() * (to - from));

const pick = <T>(random: Random, items: readonly T[]): T =>
	items[Math.floor(random() * items.length)]!;

/** How long people let it ring, talk or think: mostly seconds, sometimes no time at all. */
const aWhile = async (random: Random) =>
	await sleep(random() < 0.9 ? between(random, 1_500, 4_000) : between(random, 10, 500));

/** Agents of queues are left to their queues. */
const PHONES = Array.from({ length: 14 }, (_, index) => String(100 + index)).concat(
	Array.from({ length: 5 }, (_, index) => String(125 + index)),
);

const QUEUES = ['800', '801', '802'];

const caller = (random: Random) => `+4416329${between(random, 10_000, 99_999)}`;

const legsAt = (engine: CallEngine, callid: number, status: Participant['status']) =>
	engine.legsOf(callid).filter((leg) => leg.status === status);

const answered: Scene = async (engine, random, begin) => {
	const callid = begin(engine.incoming({ from: caller(random), to: pick(random, PHONES) }));
	await aWhile(random);
	engine.answer({ callid });
	await aWhile(random);
	engine.hangUp({ callid });
};

const missed: Scene = async (engine, random, begin) => {
	const callid = begin(engine.incoming({ from: caller(random), to: pick(random, PHONES) }));
	await aWhile(random);
	engine.hangUp({ callid });
};

const within: Scene = async (engine, random, begin) => {
	const from = pick(random, PHONES);
	const to = pick(
		random,
		PHONES.filter((phone) => phone !== from),
	);
	const callid = begin(engine.internal({ from, to }));
	await aWhile(random);
	engine.answer({ callid, dn: to });
	await aWhile(random);
	engine.hangUp({ callid });
};

const queued: Scene = async (engine, random, begin) => {
	const callid = begin(engine.incoming({ from: caller(random), to: pick(random, QUEUES) }));
	await aWhile(random);
	const [ringing] = legsAt(engine, callid, 'Ringing');
	if (ringing) engine.answer({ callid, dn: ringing.dn });
	await aWhile(random);
	engine.hangUp({ callid });
};

const transferred: Scene = async (engine, random, begin) => {
	const from = pick(random, PHONES);
	const to = pick(
		random,
		PHONES.filter((phone) => phone !== from),
	);
	const callid = begin(engine.incoming({ from: caller(random), to: from }));
	await aWhile(random);
	engine.answer({ callid });
	await aWhile(random);
	const [leg] = legsAt(engine, callid, 'Connected');
	if (!leg) return;
	engine.transfer({ dn: leg.dn, participant: leg.id, to });
	await aWhile(random);
	engine.answer({ callid, dn: to });
	await aWhile(random);
	engine.hangUp({ callid });
};

/** A caller presses keys at an app; only after a moment, because whoever has not seen the leg cannot place its keys. */
const keyed =
	(app: string): Scene =>
	async (engine, random, begin) => {
		const callid = begin(engine.incoming({ from: caller(random), to: app }));
		await sleep(between(random, 1_500, 3_000));
		for (const key of ['1', '1', '#']) engine.pressKey({ callid, key });
		await aWhile(random);
		engine.hangUp({ callid });
	};

async function play(scene: Scene, engine: CallEngine, random: Random): Promise<void> {
	let callid: number | undefined;
	try {
		await scene(engine, random, (id) => (callid = id));
	} catch (error) {
		if (!(error instanceof Refusal)) throw error as Error;
		// Whoever talks to the voicemail hangs up as well.
		await aWhile(random);
		if (engine.calls().some(({ id }) => id === callid)) engine.hangUp({ callid: callid! });
	}
}

/** More calls than a run ever has, so that no two runs share a call. */
const CALLS_A_SEED = 1_000_003;

/**
 * Calls begin in phases: how many a second, and for how many seconds. The last is a burst. On average 11 a second: more
 * than the largest 3CX has, and about as many as the told state remembers over a restart (docs/delivery.md).
 */
const PHASES: ReadonlyArray<[perSecond: number, seconds: number]> = [
	[3, 3],
	[13, 6],
	[8, 4],
	[20, 3],
	[0, 2],
	[130, 0.2],
];

/**
 * Plays calls at mixed rates and waits for the last one to end.
 *
 * @param engine the PBX's calls
 * @param count how many
 * @param app DN of the API client's route point
 * @param seed of all that is left to chance; each call has chances of its own, whatever the others do
 */
export async function playCalls(
	engine: CallEngine,
	count: number,
	app: string,
	seed: number,
): Promise<void> {
	const scenes: Array<[weight: number, scene: Scene]> = [
		[50, answered],
		[20, missed],
		[10, within],
		[8, queued],
		[7, transferred],
		[5, keyed(app)],
	];
	const total = scenes.reduce((sum, [weight]) => sum + weight, 0);
	const cast = (random: Random): Scene => {
		let rest = random() * total;
		return scenes.find(([weight]) => (rest -= weight) < 0)?.[1] ?? answered;
	};
	const playing = new Set<Promise<void>>();
	for (let played = 0; played < count; ) {
		for (const [perSecond, seconds] of PHASES) {
			const inPhase = Math.min(Math.round(perSecond * seconds), count - played);
			const startedAt = performance.now();
			for (let index = 0; index < inPhase; index += 1) {
				const due = startedAt + (index * 1_000) / perSecond - performance.now();
				if (due > 1) await sleep(due);
				const random = seeded(seed * CALLS_A_SEED + played);
				const call = play(cast(random), engine, random).finally(() => playing.delete(call));
				playing.add(call);
				played += 1;
			}
			if (perSecond === 0) await sleep(seconds * 1_000);
			if (played >= count) break;
		}
	}
	await Promise.all(playing);
	for (const { id } of engine.calls()) engine.hangUp({ callid: id });
}
