import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Pbx } from '../../../../sandbox/pbx';
import { HMAC_SECRET, type Arrival } from '../../../../sandbox/playground/services';
import { until } from '../stage';
import type { Scenario } from './index';

/** Of Gareth Pugh, who stands in the phonebook as "020 7946 0102". */
const KNOWN = '02079460102';
const STRANGER = '+441632960123';

/** A call from outside that is over: answered, or not. */
export function play(pbx: Pbx, from: string, to: string, answers: boolean): number {
	const callid = pbx.calls.incoming({ from, to });
	if (answers) pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	return callid;
}

/** A recording that has just become available. */
export function record(pbx: Pbx, Id: number): void {
	const now = new Date().toISOString();
	pbx.store.insert('Recordings', {
		Id,
		StartTime: now,
		EndTime: now,
		RecordingUrl: `100/[call]_${Id}.wav`,
		FromCallerNumber: STRANGER,
		ToDn: '100',
	});
}

/** Waits until so many polls have ended from now on: what was to be told by then is told. */
export async function polls(pbx: Pbx, count: number): Promise<void> {
	const begun = () =>
		pbx.requests.filter(({ path }) => path.includes('LastCdrAndChatMessageTimestamp')).length;
	const before = begun();
	await until(() => begun() > before + count, `${count} polls`);
}

const done = ({ status }: Arrival) => status === 200;
const json = ({ body }: Arrival) => JSON.parse(body.toString()) as Record<string, unknown>;

export const screenPop: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	pbx.store.singleton('E164Settings', () => ({ CountryName: 'United Kingdom' }));
	await stage.credentials(pbx);
	const { crm } = stage.services;
	const at = (path: RegExp, method: string) =>
		crm.arrivals.filter((each) => done(each) && each.method === method && path.test(each.path));
	const { publish, end } = await stage.import('screen-pop.json');
	await publish();

	const ringing = pbx.calls.incoming({ from: KNOWN, to: '600' });
	await until(() => at(/pops/, 'PUT').length >= 3, 'three pops');
	await check('each phone of a ring group that rings gets a pop, with the contact', () => {
		const pops = at(/pops/, 'PUT');
		assert.deepEqual(
			pops.map(({ path }) => path).sort(),
			['104', '105', '106'].map((each) => `/pops/${each}`),
		);
		for (const { title, number, known } of pops.map(json))
			assert.deepEqual(
				{ title, number, known },
				{ title: 'Gareth Pugh', number: '+442079460102', known: true },
			);
	});
	pbx.calls.answer({ callid: ringing, dn: '105' });
	pbx.calls.hangUp({ callid: ringing });
	await until(() => ![...crm.records.keys()].some((path) => path.startsWith('/pops')), 'no pops');
	await check('no pop is left when the call is over', () =>
		assert.ok(at(/pops/, 'DELETE').length >= 3),
	);

	crm.arrivals.length = 0;
	crm.failures.push(503);
	const hidden = pbx.calls.incoming({ from: 'anonymous', to: '100' });
	await until(() => at(/pops/, 'PUT').length >= 1, 'the pop of a hidden caller');
	await check('a hidden caller pops up, though the CRM failed once', () => {
		const [pop] = at(/pops\/100/, 'PUT').map(json);
		assert.equal(pop?.known, false);
		assert.equal(pop?.number, 'Number withheld');
		assert.equal(crm.arrivals.filter(({ status }) => status === 503).length, 1);
	});
	pbx.calls.hangUp({ callid: hidden });

	await until(() => at(/calls/, 'PUT').length >= 1, 'records');
	crm.failures.push(503);
	play(pbx, STRANGER, '100', true);
	record(pbx, 901);
	await until(() => at(/recordings/, 'PUT').length >= 1, 'a recording');
	await until(
		() => [...crm.records.keys()].filter((path) => path.startsWith('/calls')).length === 3,
		'three records',
	);
	await polls(pbx, 3);
	await check('each call has one record, and each recording is attached once, whole', () => {
		const puts = crm.arrivals
			.filter(({ path, status }) => status === 200 && /calls|recordings/.test(path))
			.map(({ path }) => path);
		assert.equal(new Set(puts).size, puts.length, puts.join());
		assert.match(crm.records.get('/recordings/901')?.toString('latin1') ?? '', /^RIFF....WAVE/s);
	});
	await end();
};

export const missedCalls: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const list = await stage.api.createTable('3CX call backs');
	const rows = async () => await stage.api.rows(list);
	const stateOf = async (number: string) =>
		(await rows()).find((row) => row.number === number)?.state;
	// It may be run on a Sunday night.
	const { publish, end, run } = await stage.import('missed-calls.json', {
		'$now.weekday <= 5 && $now.hour >= 9 && $now.hour < 17': 'true',
	});
	await publish();
	play(pbx, STRANGER, '100', false);
	play(pbx, STRANGER, '100', false);
	play(pbx, 'anonymous', '100', false);
	play(pbx, '+441632960124', '100', true);
	await until(async () => (await rows()).length > 0, 'the missed call');
	await polls(pbx, 3);
	await check(
		'who called twice stands in the list once; answered and hidden callers do not',
		async () => {
			assert.deepEqual(
				(await rows()).map(({ number, state, tries }) => [number, state, tries]),
				[[STRANGER, 'open', 0]],
			);
		},
	);

	const calledBack = () =>
		pbx.requests.filter(({ path, method }) => method === 'POST' && /makecall/i.test(path)).length;
	const trigger = 'Every 2 Minutes';
	pbx.calls.setExternal(STRANGER, 'busy');
	await Promise.all([run(trigger), until(() => calledBack() === 1, 'the first try')]);
	await check('a try that fails leaves the number in the list, and is counted', async () => {
		const [row] = await rows();
		assert.deepEqual([row?.state, row?.tries], ['open', 1]);
	});
	pbx.calls.setExternal(STRANGER, 'answers');
	const second = run(trigger);
	await until(() => pbx.calls.calls().length > 0, 'the second try');
	await second;
	await check(
		'a free agent of the queue is connected with the caller, and the number is done',
		async () => {
			assert.equal(calledBack(), 2);
			assert.equal(await stateOf(STRANGER), 'done');
		},
	);
	await run(trigger);
	await check('nobody is called twice', () => assert.equal(calledBack(), 2));

	const [patient, unlucky] = ['+441632960125', '+441632960126'];
	pbx.calls.setExternal(unlucky!, 'busy');
	play(pbx, patient!, '100', false);
	await until(async () => (await stateOf(patient!)) === 'open', 'another missed call');
	play(pbx, patient!, '100', true);
	play(pbx, unlucky!, '100', false);
	await until(async () => (await stateOf(unlucky!)) === 'open', 'a third missed call');
	await polls(pbx, 2);
	await check('who gets through by calling again is not called back', async () =>
		assert.equal(await stateOf(patient!), 'reached'),
	);
	for (let tries = 0; tries < 4; tries++) await run(trigger);
	await check('after three tries it is given up', async () => {
		assert.equal(await stateOf(unlucky!), 'given up');
		assert.equal(calledBack(), 5);
	});
	await end();
};

export const transcription: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const { crm, ai } = stage.services;
	ai.heard = 'I would like to move my appointment to Friday.';
	ai.chat = ({ messages }) => ({
		role: 'assistant',
		content: `Summary of: ${String(messages.at(-1)?.content)}`,
	});
	const { publish, end } = await stage.import('transcription.json');
	await publish();
	await polls(pbx, 1);
	ai.failures.push(429);
	crm.failures.push(503);
	for (const id of [902, 903]) record(pbx, id);
	const notes = () => crm.arrivals.filter((each) => done(each) && each.path.startsWith('/notes/'));
	await until(() => notes().length >= 2, 'two notes', 60_000);
	await polls(pbx, 3);
	await check(
		'each recording becomes one note, though speech to text and the CRM failed once',
		() => {
			assert.deepEqual(
				notes()
					.map(({ path }) => path)
					.sort(),
				['/notes/902', '/notes/903'],
			);
			for (const note of notes().map(json)) {
				assert.equal(note.transcript, ai.heard);
				assert.equal(note.summary, `Summary of: ${ai.heard}`);
				assert.equal(note.from, STRANGER);
			}
		},
	);
	await check('each was sent to speech to text once, but for the one that failed', () => {
		const sent = ai.arrivals.filter(({ path }) => path === '/audio/transcriptions');
		assert.deepEqual(sent.map(({ status }) => status).sort(), [200, 200, 429]);
	});

	const { mails } = stage.services.mail;
	mails.length = 0;
	ai.failures.push(...Array<number>(4).fill(500));
	for (const id of [904, 905]) record(pbx, id);
	await until(() => notes().length >= 3 && mails.length > 0, 'a note and a mail', 60_000);
	await check('one that fails for good is told by mail, and the other gets its note', () => {
		const noted = notes().map(({ path }) => Number(path.split('/').at(-1)));
		assert.equal(noted.length, 3);
		const [failed] = [904, 905].filter((id) => !noted.includes(id));
		assert.equal(mails.length, 1);
		assert.match(mails[0]!.text, new RegExp(`recording ${failed} `));
	});
	await end();
};

/** Whether a webhook is signed as the workflow's note tells its subscribers. */
function isSigned({ headers, body }: Arrival): boolean {
	const [timestamp, eventId, signature] = ['timestamp', 'event-id', 'signature'].map((name) =>
		String(headers[`x-3cx-${name}`]),
	);
	const expected = createHmac('sha256', HMAC_SECRET)
		.update(`${timestamp}.${eventId}.${body.toString()}`)
		.digest('hex');
	return signature === expected && Math.abs(Date.now() / 1000 - Number(timestamp)) < 60;
}

export const webhooks: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const good = stage.services.hook('good');
	const away = stage.services.hook('away');
	await stage.api.createTable(
		'3CX subscribers',
		[good, away].map(({ url }) => ({ url })),
	);
	const undelivered = await stage.api.createTable('3CX undelivered');
	const rows = async () => await stage.api.rows(undelivered);
	const { publish, end, succeed } = await stage.import('webhooks.json');
	away.isDown = true;
	await publish();
	const callid = pbx.calls.incoming({ from: STRANGER, to: '100' });
	await until(() => good.arrivals.length >= 1, 'the ringing');
	pbx.calls.answer({ callid });
	await until(() => good.arrivals.length >= 2, 'the answer');
	pbx.calls.hangUp({ callid });
	await until(() => good.arrivals.length >= 3, 'the end');
	await until(async () => (await rows()).length >= 3, 'three rows');
	await check('a subscriber gets each event of the call, signed', () => {
		assert.deepEqual(
			good.arrivals.map(json).map(({ event }) => event),
			['callRinging', 'callAnswered', 'callEnded'],
		);
		for (const arrival of good.arrivals) assert.ok(isSigned(arrival));
		assert.equal(new Set(good.arrivals.map(({ headers }) => headers['x-3cx-event-id'])).size, 3);
	});
	await check('what a subscriber that is away did not get is kept, for later', async () => {
		const kept = await rows();
		assert.deepEqual(
			kept.map(({ state, tries, url }) => [state, tries, url]),
			Array(3).fill(['waiting', 1, away.url]),
		);
		for (const { nextTry } of kept) assert.ok(Date.parse(String(nextTry)) > Date.now());
	});

	const trigger = 'Every Minute';
	const makeDue = async () =>
		await stage.api.changeRows(undelivered, 'state', 'waiting', {
			nextTry: new Date(0).toISOString(),
		});
	const tried = away.arrivals.length;
	await succeed(trigger);
	await check('nothing is tried again before its time', () =>
		assert.equal(away.arrivals.length, tried),
	);
	await makeDue();
	await succeed(trigger);
	await check('the time between tries grows', async () => {
		const [row] = await rows();
		assert.equal(row?.tries, 2);
		const ahead = Date.parse(String(row?.nextTry)) - Date.now();
		assert.ok(ahead > 90_000 && ahead <= 120_000, `${ahead} ms`);
	});
	await stage.api.changeRows(undelivered, 'state', 'waiting', { tries: 9 });
	await makeDue();
	await succeed(trigger);
	await check('after the tenth try it is dead, and left alone', async () => {
		assert.deepEqual(
			(await rows()).map(({ state, tries }) => [state, tries]),
			Array(3).fill(['dead', 10]),
		);
		const before = away.arrivals.length;
		await succeed(trigger);
		assert.equal(away.arrivals.length, before);
	});
	away.isDown = false;
	await stage.api.changeRows(undelivered, 'state', 'dead', {
		state: 'waiting',
		tries: 0,
		nextTry: new Date(0).toISOString(),
	});
	await succeed(trigger);
	await succeed(trigger);
	await check(
		'sent again, each arrives once, signed anew, under the same ID as elsewhere',
		async () => {
			const arrived = away.arrivals.filter(done);
			const ids = (list: Arrival[]) => list.map(({ headers }) => headers['x-3cx-event-id']).sort();
			assert.deepEqual(ids(arrived), ids(good.arrivals));
			for (const arrival of arrived) assert.ok(isSigned(arrival));
			assert.deepEqual(await rows(), []);
		},
	);
	await check('the one that was there got nothing twice', () =>
		assert.equal(good.arrivals.length, 3),
	);
	await end();
};
