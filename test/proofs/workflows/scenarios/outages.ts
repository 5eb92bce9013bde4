import assert from 'node:assert/strict';
import { until } from '../stage';
import { play, polls } from './calls';
import type { Scenario } from './index';

/** What goes on while a PBX is away, or its licence does not allow what it did. */

const LONG_AGO = new Date(0).toISOString();

export const retry: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const table = await stage.api.createTable('3CX orders');
	const { run, succeed } = await stage.import('retry.json');
	const rows = async () => await stage.api.rows(table);
	const statesOf = async () => (await rows()).map(({ state, tries }) => [state, tries]);
	const replay = async (data: Record<string, string | number> = {}) => {
		for (const state of ['waiting', 'dead'])
			await stage.api.changeRows(table, 'state', state, { nextTry: LONG_AGO, ...data });
		await succeed('Every Minute');
	};
	const people = () =>
		pbx.store.rows('Users').filter(({ Number: number }) => /^17[01]$/.test(String(number)));
	const writes = () =>
		pbx.requests.filter(({ method, path }) => method !== 'GET' && path !== '/connect/token');

	pbx.faults.next({ path: /Users/, status: 503, times: Infinity });
	await succeed();
	await check('while the PBX is away, orders are kept with what went wrong', async () => {
		assert.deepEqual(await statesOf(), [
			['waiting', 1],
			['waiting', 1],
		]);
		for (const { problem, order, nextTry } of await rows()) {
			assert.match(String(problem), /\S/);
			assert.ok((JSON.parse(String(order)) as { email: string }).email);
			assert.ok(Date.parse(String(nextTry)) > Date.now());
		}
		assert.deepEqual(people(), []);
	});
	const before = pbx.requests.length;
	await succeed('Every Minute');
	await check('nothing is tried again before its time, nor an order that comes twice', async () => {
		await succeed();
		assert.equal(pbx.requests.length, before);
		assert.equal((await rows()).length, 2);
	});
	await replay({ tries: 9 });
	await check('after the tenth try they are dead, and left alone', async () => {
		assert.deepEqual(await statesOf(), [
			['dead', 10],
			['dead', 10],
		]);
		const sent = pbx.requests.length;
		await succeed('Every Minute');
		assert.equal(pbx.requests.length, sent);
	});

	pbx.faults.clear();
	// The PBX creates both, and nobody hears of it.
	pbx.faults.next({ method: 'POST', path: /Users/, resetConnection: true, after: true, times: 2 });
	await replay({ state: 'waiting', tries: 0 });
	await check('what the PBX did though its answer got lost is kept as not done', async () => {
		assert.equal(people().length, 2);
		assert.deepEqual(await statesOf(), [
			['waiting', 1],
			['waiting', 1],
		]);
	});
	const written = writes().length;
	await replay();
	await check('and replayed without doing it again', async () => {
		assert.deepEqual(
			(await rows()).map(({ state }) => state),
			['done', 'done'],
		);
		assert.equal(people().length, 2);
		assert.equal(writes().length, written);
	});
	await check('an order that is done is not carried out again', async () => {
		const asked = pbx.requests.length;
		const again = await run();
		assert.equal(again.status, 'success');
		assert.equal(pbx.requests.length, asked);
	});
};

const STRANGER = '+441632960100';

export const licenceSwitch: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const { crm, mail } = stage.services;
	const table = await stage.api.createTable('3CX path');
	const { publish, succeed } = await stage.import('licence-switch.json');
	const recorded = () =>
		crm.arrivals.filter(({ method, status }) => method === 'PUT' && status < 300);
	const pathNow = async () => (await stage.api.rows(table)).map(({ path }) => path);
	const mails = () => mail.mails.map(({ source }) => /^Subject: (.*)$/m.exec(source)?.[1]);
	/** Names of the records, each once. */
	const calls = () => new Set(recorded().map(({ path }) => path));
	const firstMail = mail.mails.length;

	await publish();
	await succeed('Every Hour');
	await check('where Call Control answers, the path is live and nobody is told', async () => {
		assert.deepEqual(await pathNow(), ['live']);
		assert.equal(mail.mails.length, firstMail);
	});
	const looks = () =>
		pbx.requests.filter(({ path }) => path.startsWith('/callcontrol/100/participants/')).length;
	const callid = pbx.calls.incoming({ from: STRANGER, to: '100' });
	await until(() => looks() > 0, 'a look at the call');
	pbx.calls.answer({ callid });
	pbx.calls.hangUp({ callid });
	await until(() => recorded().length === 1, 'the record');
	// The log has the call, too, and tells it.
	await polls(pbx, 2);
	await check('a call is recorded once, from the live path', () => {
		assert.equal(recorded().length, 1);
	});

	pbx.faults.next({ path: /callcontrol/, status: 403, times: Infinity });
	pbx.faults.dropSockets();
	play(pbx, STRANGER, '101', false);
	await succeed('Every Hour');
	await check('where it refuses, the path is polled, with what came meanwhile', async () => {
		assert.deepEqual(await pathNow(), ['polled']);
		assert.match(String(mails().at(-1)), /from the call log/);
		assert.equal(calls().size, 2);
	});
	play(pbx, STRANGER, '102', true);
	await until(() => calls().size === 3, 'the record from the call log', 90_000);
	await polls(pbx, 2);
	await check('a call is recorded from the call log, and others under their own names only', () => {
		assert.equal(calls().size, 3);
	});

	pbx.faults.next({ path: /xapi/, status: 403, times: Infinity });
	await succeed('Every Hour');
	await succeed('Every Hour');
	await check('while neither works, each hour says so', () => {
		assert.deepEqual(
			mails()
				.slice(-2)
				.map((subject) => /cannot be recorded/.test(String(subject))),
			[true, true],
		);
	});
	pbx.faults.clear();
	await succeed('Every Hour');
	await check('and when the live path is back', async () => {
		assert.deepEqual(await pathNow(), ['live']);
		assert.match(String(mails().at(-1)), /live again/);
	});
};
