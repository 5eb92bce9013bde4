import assert from 'node:assert/strict';
import type { Pbx } from '../../../../sandbox/pbx';
import type { Scenario } from './index';

const numbers = (members: unknown) =>
	(members as Array<{ Number: string }>).map(({ Number: number }) => number).sort();

const row = (pbx: Pbx, set: string, key: string, value: unknown) =>
	pbx.store.rows(set).find((each) => each[key] === value);

const queueAgents = (pbx: Pbx, number: string) =>
	numbers(row(pbx, 'Queues', 'Number', number)?.Agents);

const writes = (pbx: Pbx) =>
	pbx.requests.filter(({ method, path }) => method !== 'GET' && path !== '/connect/token');

/** Both workflows only plan until it is so. Under a name of its own, or it would take the place of the one that plans. */
const ACT = { '\\"act\\": false': '\\"act\\": true', '"name": "3CX o': '"name": "Acting: 3CX o' };

const WELCOME = /SendWelcomeEmail/;

export const onboarding: Scenario = async (stage, check) => {
	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const { succeed: plan } = await stage.import('onboarding.json');
	const planned = await plan();
	await check(
		'the plan writes nothing, and says what is to be done and what it cannot know yet',
		() => {
			assert.deepEqual(writes(pbx), []);
			assert.deepEqual(
				planned.items('Report').map(({ user, queue }) => [user, queue]),
				[],
			);
			const problems = planned.items('Not Done').map(({ problem }) => String(problem));
			assert.equal(problems.length, 5);
			for (const problem of problems) assert.match(problem, /no department "(?:Sales|Support)"/);
		},
	);
	const { succeed } = await stage.import('onboarding.json', ACT);
	const before = queueAgents(pbx, '801');
	const first = (await succeed()).items('Report');
	await check('five people are created, and two departments', () => {
		assert.deepEqual(
			first.map(({ user }) => user),
			Array(5).fill('created'),
		);
		assert.deepEqual(
			first.map(({ department }) => String(department)).filter((text) => text.endsWith('created')),
			['Sales: created', 'Support: created'],
		);
		const maya = row(pbx, 'Users', 'Number', '160');
		assert.equal(maya?.EmailAddress, 'maya.lindqvist@example.com');
	});
	await check('queues keep their agents and get the new ones', () => {
		assert.ok(before.length > 0);
		assert.deepEqual(queueAgents(pbx, '801'), [...before, '162', '163', '164'].sort());
	});
	const welcomed = () => pbx.requests.filter(({ path }) => WELCOME.test(path)).length;
	await check('each gets one welcome mail', () => assert.equal(welcomed(), 5));

	const written = writes(pbx).length;
	const again = (await plan()).items('Report');
	await check('a plan afterwards finds nothing to do', () => {
		assert.deepEqual(
			again.map(({ user, queue }) => [user, String(queue).split(': ')[1]]),
			Array(5).fill(['unchanged', 'unchanged']),
		);
	});
	const second = (await succeed()).items('Report');
	await check('the second run writes nothing and welcomes nobody', () => {
		assert.deepEqual(
			second.map(({ changes }) => changes),
			Array(5).fill(0),
		);
		assert.equal(writes(pbx).length, written);
		assert.equal(welcomed(), 5);
	});
};

export const offboarding: Scenario = async (stage, check) => {
	const broken = await stage.pbx();
	await stage.credentials(broken);
	const { run, succeed } = await stage.import('offboarding.json', ACT);
	const { succeed: plan } = await stage.import('offboarding.json');
	broken.faults.next({ path: /RingGroups/, status: 403 });
	const stopped = await run();
	await check('nobody is deleted when a step before it fails', () => {
		assert.equal(stopped.status, 'error');
		assert.ok(row(broken, 'Users', 'Number', '104'));
		assert.deepEqual(queueAgents(broken, '800'), ['103', '104', '106']);
	});

	const pbx = await stage.pbx();
	await stage.credentials(pbx);
	const menu = pbx.store.rows('Receptionists')[0]!;
	const forwards = menu.Forwards as Array<Record<string, unknown>>;
	pbx.store.update('Receptionists', menu, {
		Forwards: [{ ...forwards[0], ForwardDN: '104' }, ...forwards.slice(1)],
	});
	assert.ok(queueAgents(pbx, '800').includes('104'));
	const planned = (await plan()).items('Report');
	await check('the plan writes nothing, and says what is to be done', () => {
		assert.deepEqual(writes(pbx), []);
		assert.deepEqual(
			planned.map(({ number, forwarding, leaving, deletion }) => [
				number,
				forwarding,
				leaving,
				deletion,
			]),
			[
				['104', 'wouldUpdate', 'wouldUpdate', 'wouldDelete'],
				['105', 'wouldUpdate', 'wouldUpdate', 'kept'],
			],
		);
	});
	const first = await succeed();
	await check('seats in queues and ring groups are given up, and others keep theirs', () => {
		assert.deepEqual(queueAgents(pbx, '800'), ['103', '106']);
		assert.deepEqual(numbers(row(pbx, 'RingGroups', 'Number', '600')?.Members), ['106']);
		assert.deepEqual(queueAgents(pbx, '801'), ['110', '111', '112']);
	});
	await check('all five statuses of who stays lead to the successor', () => {
		const profiles = row(pbx, 'Users', 'Number', '105')?.ForwardingProfiles as Array<
			Record<string, unknown>
		>;
		assert.equal(profiles.length, 5);
		for (const { Name, AvailableRoute, AwayRoute } of profiles) {
			const ways = Object.values((AvailableRoute ?? AwayRoute) as object).filter(
				(way): way is { Number: string } => typeof way === 'object' && way !== null && 'To' in way,
			);
			assert.ok(ways.length >= 2, String(Name));
			for (const way of ways) assert.equal(way.Number, '103', String(Name));
		}
	});
	await check('who is to be deleted is, and that was the last write', () => {
		assert.equal(row(pbx, 'Users', 'Number', '104'), undefined);
		const last = writes(pbx).at(-1);
		assert.equal(last?.method, 'DELETE');
	});
	await check('the menu leads to the successor', () => {
		const [key] = row(pbx, 'Receptionists', 'Id', menu.Id)?.Forwards as Array<{
			ForwardDN: string;
		}>;
		assert.equal(key?.ForwardDN, '103');
	});
	await check('the report names both, and the menu that led to the leaver', () => {
		const report = first.items('Report');
		assert.deepEqual(
			new Map(
				report.map(({ number, forwarding, leaving, deletion }) => [
					number,
					[forwarding, leaving, deletion],
				]),
			),
			new Map([
				['104', ['updated', 'updated', 'deleted']],
				['105', ['updated', 'updated', 'kept']],
			]),
		);
		const leaver = report.find(({ number }) => number === '104');
		const touched = leaver?.touched as Array<{ in: string; name: string; outcome: string }>;
		assert.ok(touched.every(({ outcome }) => outcome === 'done'));
		assert.ok(touched.some(({ name }) => name === String(menu.Name)));
	});

	const written = writes(pbx).length;
	const second = await succeed();
	await check('the second run writes nothing, and says who is not there', () => {
		assert.equal(writes(pbx).length, written);
		assert.deepEqual(second.items('Not There').length, 1);
		assert.match(String(second.items('Not There')[0]?.problem), /104/);
	});
};
