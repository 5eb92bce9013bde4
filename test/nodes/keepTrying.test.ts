import type { IDataObject } from 'n8n-workflow';
import { by, openOffice, until, type Office } from './peopleHarness';

/** *Keep Trying*: a PBX that restarts in the middle of a job fails none of its items. */

let office: Office;

beforeEach(async () => {
	office = await openOffice();
});

afterEach(async () => await office.close());

const KEEP_TRYING = { requestOptions: { keepTrying: 60 } };
const people = Array.from({ length: 40 }, (_, at) => ({ number: String(300 + at) }));
const upsertAll = async (options: IDataObject) =>
	await office.run(
		'user',
		'upsert',
		{
			number: '={{ $json.number }}',
			firstName: 'Ada',
			lastName: '={{ "No. " + $json.number }}',
			matchBy: 'Number',
			...options,
		},
		{ items: people, onError: 'continueRegularOutput' },
	);

/** The PBX goes away when the job has got somewhere, and comes back when the first connections have been refused. */
async function restartDuring(job: Promise<unknown>): Promise<void> {
	await until(() => office.pbx.store.rows('Users').some(({ Number: n }) => n === '305'));
	await office.pbx.down();
	await Promise.race([job, new Promise((resolve) => setTimeout(resolve, 4_000))]);
	await office.pbx.up();
}

test('an outage longer than three tries fails no item, and creates nobody twice', async () => {
	const job = upsertAll(KEEP_TRYING);
	await restartDuring(job);
	const outcomes = (await job).map(({ error, outcome }) => error ?? outcome);
	// A user who was being created when the PBX went away may be there or not: nothing is created without knowing that.
	const unsure = outcomes.filter((each) => each !== 'created' && each !== 'unchanged');
	expect(unsure.length).toBeLessThanOrEqual(4);
	const numbers = office.pbx.store.rows('Users').map((row) => row.Number as string);
	const made = people.map(({ number }) => numbers.filter((each) => each === number).length);
	expect(Math.max(...made)).toBe(1);
	expect(made.filter((count) => count === 0).length).toBeLessThanOrEqual(unsure.length);
}, 60_000);

test('without it, the items of the outage fail', async () => {
	const job = upsertAll({});
	await restartDuring(job);
	expect((await job).filter(({ error }) => error !== undefined).length).toBeGreaterThan(10);
}, 60_000);

test('a field is changed although the PBX breaks the connection again and again', async () => {
	const reset = { method: 'PATCH', path: /Users/, resetConnection: true };
	for (let times = 0; times < 5; times += 1) office.pbx.faults.next(reset);
	const parameters = {
		user: by('Number', '100'),
		updateFields: { firstName: 'Grace' },
	};
	const refused = await office.refusal('user', 'update', parameters);
	expect(refused.message).toMatch(/broke the connection/);
	expect(office.pbx.faults.pending).toBe(4);
	expect(await office.one('user', 'update', { ...parameters, ...KEEP_TRYING })).toMatchObject({
		FirstName: 'Grace',
	});
	expect(office.pbx.faults.pending).toBe(0);
}, 60_000);
