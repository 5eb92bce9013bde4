import type { IDataObject } from 'n8n-workflow';
import { gate } from '../support/gate';
import { openOffice, storeFor, until, type Office } from './peopleHarness';

/**
 * Create or Update while somebody else creates the same thing. Runs in one process take turns, keyed by the address of
 * the PBX; two processes share nothing but the PBX. The second process is played by a plain client of the PBX, or by the
 * node under another address of the same PBX, `localhost`, with an API client of its own: nothing in the code can know
 * that the two belong together.
 */

let office: Office;

beforeEach(async () => {
	office = await openOffice();
});

afterEach(async () => await office.close());

const hire = {
	number: '181',
	firstName: 'Omar',
	lastName: 'Reyes',
	emailAddress: 'omar.reyes@example.com',
	departments: { membership: [{ groupId: 1, role: 'users' }] },
};

/** What {@link hire} becomes, as another program would send it. */
const body = {
	Number: '181',
	FirstName: 'Omar',
	LastName: 'Reyes',
	EmailAddress: 'omar.reyes@example.com',
	Groups: [{ GroupId: 1, Rights: { RoleName: 'users' } }],
};

const usersWith = (property: string, value: string) =>
	office.pbx.store.rows('Users').filter((row) => row[property] === value);

/** A create by a program that is not ours. */
async function createAsRival(user: IDataObject): Promise<number> {
	const { url } = office.pbx;
	const login = await fetch(`${url}/connect/token`, {
		method: 'POST',
		body: new URLSearchParams({
			client_id: 'rival',
			client_secret: 'rival-secret',
			grant_type: 'client_credentials',
		}),
	});
	const { access_token: token } = (await login.json()) as { access_token: string };
	const { status } = await fetch(`${url}/xapi/v1/Users`, {
		method: 'POST',
		headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
		body: JSON.stringify(user),
	});
	return status;
}

/** Runs Create or Update so that somebody else creates a user after its look and before its own create. */
async function overtaken(rival: IDataObject, matchBy = 'Number'): Promise<IDataObject> {
	const posting = gate();
	office.pbx.faults.next({ method: 'POST', path: /\/Users$/, until: posting.opened });
	const upserting = office.one('user', 'upsert', { ...hire, matchBy });
	// Handled in the end: what it throws is what the caller gets.
	upserting.catch(() => undefined);
	await until(() => office.pbx.faults.pending === 0);
	expect(await createAsRival(rival)).toBe(201);
	posting.open();
	return await upserting;
}

test.each([
	['the same user', body, { outcome: 'unchanged', changed: {} }],
	[
		'the user with another name and role',
		{ ...body, FirstName: 'Om', Groups: [{ GroupId: 1, Rights: { RoleName: 'managers' } }] },
		{
			outcome: 'updated',
			changed: {
				FirstName: { from: 'Om', to: 'Omar' },
				Groups: {
					from: [{ GroupId: 1, Name: 'DEFAULT', Rights: { RoleName: 'managers' } }],
					to: [{ GroupId: 1, Name: 'DEFAULT', Rights: { RoleName: 'users' } }],
				},
			},
		},
	],
])('another run that is faster is no error: it made %s', async (_, rival, expected) => {
	expect(await overtaken(rival)).toMatchObject(expected);
	expect(usersWith('Number', '181')).toEqual([
		expect.objectContaining({
			FirstName: 'Omar',
			Groups: [expect.objectContaining({ Rights: expect.objectContaining({ RoleName: 'users' }) })],
		}),
	]);
});

test('another run that is faster is no error when the e-mail decides', async () => {
	expect(await overtaken({ ...body, LastName: 'R.' }, 'EmailAddress')).toMatchObject({
		outcome: 'updated',
		changed: { LastName: { from: 'R.', to: 'Reyes' } },
	});
	expect(usersWith('EmailAddress', hire.emailAddress)).toHaveLength(1);
});

test('a number that went to somebody else is an error: the e-mail decides, and theirs is another', async () => {
	await expect(
		overtaken({ ...body, EmailAddress: 'other@example.com' }, 'EmailAddress'),
	).rejects.toMatchObject({ message: 'Number (181): is already in use on this PBX' });
	expect(usersWith('Number', '181')).toEqual([
		expect.objectContaining({ EmailAddress: 'other@example.com' }),
	]);
});

test('two processes that hire the same people at once end with one of each', async () => {
	const people = Array.from({ length: 12 }, (_, n) => ({
		number: String(181 + n),
		email: `person.${n}@example.com`,
	}));
	const parameters = {
		...hire,
		number: '={{ $json.number }}',
		emailAddress: '={{ $json.email }}',
	};
	const other = storeFor(office.pbx.url.replace('127.0.0.1', 'localhost'), 'rival');
	expect(other.stored.pbxUrl).not.toBe(office.credentials.stored.pbxUrl);
	// Answers take a moment, so that each finds nothing before the other has created.
	office.pbx.faults.latencyMs = 20;
	const outcomes = await Promise.all(
		[office.credentials, other].map(async (credentials) =>
			(await office.run('user', 'upsert', parameters, { credentials, items: people })).map(
				({ outcome }) => String(outcome),
			),
		),
	);
	for (const [n, { number, email }] of people.entries()) {
		expect(outcomes.map((of) => of[n]).sort()).toEqual(['created', 'unchanged']);
		expect(usersWith('Number', number)).toHaveLength(1);
		expect(usersWith('EmailAddress', email)).toHaveLength(1);
	}
	// It did come to the race: some creates were refused.
	expect(
		office.pbx.requests.filter(({ method, status }) => method === 'POST' && status === 400).length,
	).toBeGreaterThan(0);
});
