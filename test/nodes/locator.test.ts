import type { INodeProperties, INodePropertyMode } from 'n8n-workflow';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { by, list, openOffice, type Office } from './peopleHarness';

/** What names a row: dragged, typed, from the list, or by an expression. */

let office: Office;
beforeAll(async () => (office = await openOffice()));
afterAll(async () => await office.close());

const locators = new ThreeCx().description.properties.filter(
	({ type, modes }) => type === 'resourceLocator' && modes?.some(({ name }) => name === 'byId'),
);
const textModes = ({ modes = [] }: INodeProperties): INodePropertyMode[] =>
	modes.filter(({ type }) => type !== 'list');

/** Which mode n8n's editor gives to what is dropped: `id`, or else the first that is no list. */
const modeOfDrop = (property: INodeProperties) =>
	textModes(property).find(({ name }) => name === 'id') ?? textModes(property)[0];

test('what is dropped onto a locator is read as whatever names a row, not as an ID', () => {
	expect(locators.length).toBeGreaterThan(15);
	for (const locator of locators) {
		const expected = textModes(locator).length > 1 ? 'any' : 'byId';
		expect([locator.name, modeOfDrop(locator)?.name]).toEqual([locator.name, expected]);
	}
});

describe('a user', () => {
	const get = async (user: object) => await office.one('user', 'get', { user } as never);
	/** Adds a user whose ID is what number 100 is, so that "100" can be either. */
	const withIdOf = (number: string) =>
		office.pbx.store.insert('Users', { Id: Number(number), Number: '777', FirstName: 'Twin' });

	test.each([
		['number', '101', '101'],
		['number with spaces', ' 101 ', '101'],
	])('by its %s', async (_, value, expected) => {
		expect(await get(by('any', value))).toMatchObject({ Number: expected });
	});

	test('by its e-mail address, and by its ID', async () => {
		const { Id, EmailAddress } = await get(by('Number', '101'));
		expect(await get(by('any', EmailAddress as string))).toMatchObject({ Number: '101' });
		expect(await get(by('any', String(Id)))).toMatchObject({ Number: '101' });
		expect(await get(by('byId', String(Id)))).toMatchObject({ Number: '101' });
		expect(await get(list(Id as number))).toMatchObject({ Number: '101' });
	});

	test('is not guessed where the text is the number of one and the ID of another', async () => {
		const twin = withIdOf('100');
		const { message, description } = await office.refusal('user', 'get', {
			user: by('any', '100'),
		});
		expect(message).toBe('Several users have the Number, Email or ID 100');
		expect(description).toMatch(/"By Number"/);
		expect(await get(by('byId', '100'))).toMatchObject({ Number: '777' });
		expect(await get(by('Number', '100'))).toMatchObject({ Number: '100' });
		office.pbx.store.remove('Users', twin);
	});

	test('by an expression where the list was: also by number, and never the one who has it as ID', async () => {
		expect(await get(list('={{ "101" }}'))).toMatchObject({ Number: '101' });
		const twin = withIdOf('102');
		const { message } = await office.refusal('user', 'get', { user: list('={{ "102" }}') });
		expect(message).toMatch(/^Several users have/);
		office.pbx.store.remove('Users', twin);
	});

	test('that is not there: the message names all that was tried', async () => {
		const { message } = await office.refusal('user', 'get', { user: by('any', '9999') });
		expect(message).toBe('This PBX has no user with Number, Email or ID 9999');
	});

	test('that is not there: an item, nothing or an error', async () => {
		const asked = (ifNoneFound?: string) => ({
			user: by('any', '9999'),
			options: ifNoneFound === undefined ? {} : { ifNoneFound },
		});
		expect(await office.run('user', 'get', asked('item'))).toEqual([{ found: false }]);
		expect(await office.run('user', 'get', asked('nothing'))).toEqual([]);
		for (const failing of [asked('error'), asked()]) {
			expect((await office.refusal('user', 'get', failing)).message).toMatch(/has no user/);
		}
		// By number 3CX is asked for the row itself, by ID too.
		for (const user of [by('Number', '9999'), by('byId', '999999')]) {
			expect(await office.run('user', 'get', { user, options: { ifNoneFound: 'item' } })).toEqual([
				{ found: false },
			]);
		}
		// Nobody to be found is not the same as nobody who answers.
		office.pbx.faults.next({ path: /Users/, status: 403 });
		expect((await office.refusal('user', 'get', asked('item'))).message).toMatch(
			/not allowed|refuse|403/i,
		);
	});

	test('a text that can be no ID is not compared with one', async () => {
		for (const text of ['nobody', '99999999999', "O'Brien"]) {
			const { message } = await office.refusal('user', 'get', { user: by('any', text) });
			expect(message).toBe(`This PBX has no user with Number or Email ${text}`);
		}
	});
});

test('a department by its name, where its ID stood', async () => {
	const [first] = await office.run('department', 'getAll', { limit: 1 });
	const { Id, Name } = first!;
	expect(
		await office.one('department', 'get', { department: list(`={{ ${JSON.stringify(Name)} }}`) }),
	).toMatchObject({ Id });
});
