import { withPbx, type Json } from './support';

const sandbox = withPbx();

/** Id of the department with this name. */
const department = async (name: string) => {
	const [row] = await sandbox.at.rows(`Groups?$filter=Name eq '${name}'`);
	return Number(row?.Id);
};
const groupsOf = async (id: unknown) =>
	sandbox.at.rows(
		`Users(${String(id)})/Groups?$select=Name,GroupId&$expand=Rights($select=RoleName)`,
	);
const membersOf = async (id: number) =>
	(await sandbox.at.rows(`Groups(${id})/Members?$select=Number`)).map((row) => row.Number);
const refused = (code: string, ...targets: string[]) => ({
	error: {
		code: '',
		message: targets.map((target) => `${target}:\n${code}`).join('\n'),
		details: targets.map((target) => ({ code: '', message: code, target })),
	},
});

describe('what is plainly wrong is refused', () => {
	it.each([
		['InboundRules', {}, 'Data', 'WARNINGS.XAPI.REQUIRED'],
		[
			'Holidays',
			{ Name: 'H', Day: 31, Month: 2, DayEnd: 1, MonthEnd: 3 },
			'Day',
			'WARNINGS.XAPI.OUT_OF_THE_RANGE',
		],
		[
			'Holidays',
			{ Name: 'H', Day: 29, Month: 2, Year: 2027 },
			'Day',
			'WARNINGS.XAPI.OUT_OF_THE_RANGE',
		],
		[
			'Holidays',
			{ Name: 'H', Day: 1, Month: 1, DayEnd: 31, MonthEnd: 4 },
			'DayEnd',
			'WARNINGS.XAPI.OUT_OF_THE_RANGE',
		],
		['Users', { Number: 'abc' }, 'Number', 'WARNINGS.INVALID'],
		['Queues', { Number: '8 0' }, 'Number', 'WARNINGS.INVALID'],
		['Fax', { Number: '+49' }, 'Number', 'WARNINGS.INVALID'],
	])('%s %j', async (set, body, target, message) => {
		const { status, body: answer } = await sandbox.at.send('POST', set, body);
		expect(status).toBe(400);
		expect((answer as { error: { details: unknown } }).error.details).toContainEqual(
			expect.objectContaining({ target, message }),
		);
	});

	it('but not 29 February of each year', async () => {
		const leap = { Name: 'Leap day', Day: 29, Month: 2, IsRecurrent: true };
		expect(await sandbox.at.send('POST', 'Holidays', leap)).toMatchObject({ status: 201 });
	});
});

describe('users', () => {
	it('are made of nothing: Id, number, secrets, five profiles, the default department', async () => {
		const free = (await sandbox.at.get('Users/Pbx.GetFirstAvailableExtensionNumber()')).body.Number;
		const reply = await sandbox.at.send('POST', 'Users', {});
		expect(reply.status).toBe(201);
		expect(reply.body).toMatchObject({
			Id: expect.any(Number) as number,
			Number: free,
			CurrentProfileName: 'Available',
			QueueStatus: 'LoggedIn',
			AuthPassword: expect.any(String) as string,
		});
		expect(reply.headers.get('location')).toBe(
			`${sandbox.pbx.url}/xapi/v1/Users(${String(reply.body.Id)})`,
		);
		expect(await groupsOf(reply.body.Id)).toEqual([
			{ Name: 'DEFAULT', GroupId: await department('DEFAULT'), Rights: { RoleName: 'users' } },
		]);
		expect(
			await sandbox.at.rows(`Users(${String(reply.body.Id)})/ForwardingProfiles`),
		).toHaveLength(5);
	});

	it('are changed by PATCH, which merges scalars and answers nothing', async () => {
		const { Id } = await sandbox.at.create('Users', {
			FirstName: 'Ada',
			LastName: 'Byron',
			Mobile: '1',
		});
		const reply = await sandbox.at.send('PATCH', `Users(${String(Id)})`, {
			Id: 0,
			LastName: 'Lovelace',
			CurrentProfileName: 'Away',
		});
		expect([reply.status, reply.text]).toEqual([204, '']);
		const { body } = await sandbox.at.get(`Users(${String(Id)})`);
		expect(body).toMatchObject({
			Id,
			FirstName: 'Ada',
			DisplayName: 'Ada Lovelace',
			Mobile: '1',
			CurrentProfileName: 'Away',
		});
	});

	it('have their arrays replaced wholesale', async () => {
		const { Id } = await sandbox.at.create('Users', {});
		const [first] = await sandbox.at.rows(`Users(${String(Id)})/ForwardingProfiles`);
		await sandbox.at.send('PATCH', `Users(${String(Id)})`, {
			ForwardingProfiles: [{ Id: first?.Id, Name: 'Available' }],
		});
		expect(await sandbox.at.rows(`Users(${String(Id)})/ForwardingProfiles?$select=Name`)).toEqual([
			{ Name: 'Available' },
		]);
	});

	it.each<[string, Json, string, string]>([
		['a number in use', { Number: '100' }, 'WARNINGS.XAPI.ALREADY_IN_USE', 'Number'],
		['the number of a queue', { Number: '800' }, 'WARNINGS.XAPI.ALREADY_IN_USE', 'Number'],
		[
			'an e-mail address in use',
			{ EmailAddress: 'Amelia.Hartley@larkfield.example.com' },
			'WARNINGS.XAPI.ALREADY_IN_USE',
			'EmailAddress',
		],
		[
			'an unknown department',
			{ Groups: [{ GroupId: 4711 }] },
			'WARNINGS.XAPI.NOT_FOUND',
			'Groups[0].GroupId',
		],
		[
			'an unknown profile',
			{ CurrentProfileName: 'Asleep' },
			'WARNINGS.XAPI.NOT_FOUND',
			'CurrentProfileName',
		],
		['a PIN of letters', { VMPIN: 'abcd' }, 'WARNINGS.XAPI.INVALID_PIN_NUMBER', 'VMPIN'],
	])('are refused with %s', async (_what, body, code, target) => {
		const reply = await sandbox.at.send('POST', 'Users', body);
		expect(reply.status).toBe(400);
		expect(reply.body).toEqual(refused(code, target));
	});

	it('name every field that is wrong', async () => {
		const { body } = await sandbox.at.send('POST', 'Users', {
			Number: '100',
			EmailAddress: 'amelia.hartley@larkfield.example.com',
		});
		expect(body).toEqual(refused('WARNINGS.XAPI.ALREADY_IN_USE', 'Number', 'EmailAddress'));
	});

	it.each<[string, Json, string]>([
		['an unknown property', { Foo: 1 }, 'Foo'],
		['a wrong type', { RecordCalls: 'yes' }, 'RecordCalls'],
		['an unknown enum member', { QueueStatus: 'Maybe' }, 'QueueStatus'],
		['a wrong type deep down', { Groups: [{ GroupId: 'x' }] }, 'Groups[0].GroupId'],
		['no collection', { Groups: {} }, 'Groups'],
	])('are refused with %s', async (_what, body, target) => {
		const reply = await sandbox.at.send('POST', 'Users', body);
		expect(reply.status).toBe(400);
		expect(reply.body.error?.details).toEqual([
			{ code: '', message: expect.any(String) as string, target },
		]);
	});

	it.each([
		['{"FirstName": ', 400],
		['[]', 400],
	])('are refused with the body %s', async (body, status) => {
		expect((await sandbox.at.send('POST', 'Users', body)).status).toBe(status);
	});

	it('are refused without a JSON content type', async () => {
		const reply = await fetch(`${sandbox.pbx.url}/xapi/v1/Users`, {
			method: 'POST',
			headers: { Authorization: `Bearer ${sandbox.at.token}` },
			body: '{}',
		});
		expect(reply.status).toBe(415);
	});

	it('keep their number for ever, but may be sent it again', async () => {
		const { Id, Number: number } = await sandbox.at.create('Users', {});
		const path = `Users(${String(Id)})`;
		const changed = await sandbox.at.send('PATCH', path, { Number: '599' });
		expect(changed.body).toEqual(refused('WARNINGS.XAPI.FORBIDDEN_CHANGE', 'Number'));
		expect(
			(await sandbox.at.send('PATCH', path, { Number: number, FirstName: 'Same' })).status,
		).toBe(204);
	});

	it('change role by Rights.RoleName; GroupRights alone is accepted and ignored', async () => {
		const GroupId = await department('Billing');
		const { Id } = await sandbox.at.create('Users', {
			Groups: [{ GroupId, Rights: { RoleName: 'receptionists' } }],
		});
		const path = `Users(${String(Id)})`;
		const roles = async () => (await groupsOf(Id)).map(({ Rights }) => Rights);
		expect(
			(
				await sandbox.at.send('PATCH', path, {
					Groups: [{ GroupId, GroupRights: { RoleName: 'managers' } }],
				})
			).status,
		).toBe(204);
		expect(await roles()).toEqual([{ RoleName: 'receptionists' }]);
		await sandbox.at.send('PATCH', path, {
			Groups: [{ GroupId, Rights: { RoleName: 'managers' } }],
		});
		expect(await roles()).toEqual([{ RoleName: 'managers' }]);
		expect(
			(
				await sandbox.at.send('PATCH', path, {
					Groups: [{ GroupId, Rights: { RoleName: 'kings' } }],
				})
			).body,
		).toEqual(refused('WARNINGS.XAPI.NOT_FOUND', 'Groups[0].Rights.RoleName'));
	});

	it('can be written back as they were read', async () => {
		const { body } = await sandbox.at.get(
			"Users(Number='103')?$expand=Groups($expand=Rights,GroupRights)",
		);
		expect((await sandbox.at.send('PATCH', `Users(${String(body.Id)})`, body)).status).toBe(204);
		const again = await sandbox.at.get(
			"Users(Number='103')?$expand=Groups($expand=Rights,GroupRights)",
		);
		expect(again.body).toEqual(body);
	});

	it('leave queues, ring groups and departments when deleted', async () => {
		const GroupId = await department('Reception');
		const user = await sandbox.at.create('Users', {
			Groups: [{ GroupId, Rights: { RoleName: 'users' } }],
		});
		const entry = { Number: String(user.Number) };
		const queue = await sandbox.at.create('Queues', { Agents: [entry], Managers: [entry] });
		const group = await sandbox.at.create('RingGroups', {
			Name: 'Pair',
			Members: [entry, { Number: '100' }],
		});
		expect(await membersOf(GroupId)).toContain(user.Number);
		expect((await sandbox.at.send('DELETE', `Users(${String(user.Id)})`)).status).toBe(204);
		expect(await sandbox.at.rows(`Queues(${String(queue.Id)})/Agents`)).toEqual([]);
		expect(await sandbox.at.rows(`Queues(${String(queue.Id)})/Managers`)).toEqual([]);
		expect(await sandbox.at.rows(`RingGroups(${String(group.Id)})/Members?$select=Number`)).toEqual(
			[{ Number: '100' }],
		);
		expect(await membersOf(GroupId)).not.toContain(user.Number);
		expect((await sandbox.at.send('DELETE', `Users(${String(user.Id)})`)).status).toBe(404);
	});

	it.each(['ids', 'Ids'])(
		'are deleted in bulk by %s; what could not be is listed',
		async (name) => {
			const [one, two] = [
				await sandbox.at.create('Users', {}),
				await sandbox.at.create('Users', {}),
			];
			const { status, body } = await sandbox.at.send('POST', 'Users/Pbx.BatchDelete', {
				[name]: [one.Id, two.Id, 999_999],
			});
			expect(status).toBe(200);
			expect(body.value).toEqual([{ ExtensionNumber: '999999', Error: 'WARNINGS.XAPI.NOT_FOUND' }]);
			expect((await sandbox.at.get(`Users(${String(one.Id)})`)).status).toBe(404);
		},
	);

	it('get new secrets when asked, and only those', async () => {
		const before = await sandbox.at.create('Users', {});
		const opts = {
			SipAuth: true,
			ConfigurationLink: false,
			DeskphonePassword: false,
			RpsKey: false,
			SendWelcomeEmail: false,
			VoicemailPIN: false,
			WebclientPassword: false,
		};
		expect(
			(await sandbox.at.send('POST', `Users(${String(before.Id)})/Pbx.Regenerate`, { opts }))
				.status,
		).toBe(204);
		const { body } = await sandbox.at.get(`Users(${String(before.Id)})`);
		expect(body.AuthPassword).not.toBe(before.AuthPassword);
		expect(body.DeskphonePassword).toBe(before.DeskphonePassword);
	});
});

describe('departments', () => {
	it('need a name of their own', async () => {
		expect((await sandbox.at.send('POST', 'Groups', {})).body).toEqual(
			refused('WARNINGS.XAPI.REQUIRED', 'Name'),
		);
		expect((await sandbox.at.send('POST', 'Groups', { Name: 'Billing' })).body).toEqual(
			refused('WARNINGS.XAPI.ALREADY_IN_USE', 'Name'),
		);
	});

	it('take members from both sides', async () => {
		const { Id, Number: number } = await sandbox.at.create('Groups', { Name: 'Surgery' });
		expect(number).toMatch(/^GRP\d{4}$/);
		const path = `Groups(${String(Id)})`;
		await sandbox.at.send('PATCH', path, {
			Members: [{ Number: '104', Rights: { RoleName: 'managers' } }],
		});
		const [user] = await sandbox.at.rows("Users?$filter=Number eq '104'");
		expect(await groupsOf(user?.Id)).toContainEqual({
			Name: 'Surgery',
			GroupId: Id,
			Rights: { RoleName: 'managers' },
		});
		await sandbox.at.send('PATCH', path, { Name: 'Theatre' });
		expect((await groupsOf(user?.Id)).map(({ Name }) => Name)).toEqual(['Reception', 'Theatre']);
		const kept = await sandbox.at.send('DELETE', path);
		expect(kept.body).toEqual(refused('WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED', 'Id'));
		await sandbox.at.send('PATCH', path, { Members: [] });
		expect((await groupsOf(user?.Id)).map(({ Name }) => Name)).toEqual(['Reception']);
		expect((await sandbox.at.send('DELETE', path)).status).toBe(204);
	});

	it('offer roles, and DEFAULT stays', async () => {
		const id = await department('DEFAULT');
		const roles = (await sandbox.at.rows(`Groups(${id})/Rights`)).map(({ RoleName }) => RoleName);
		expect(roles).toEqual(expect.arrayContaining(['system_owners', 'users']));
		expect((await sandbox.at.send('POST', 'Groups/Pbx.DeleteCompanyById', { id })).body).toEqual(
			refused('WARNINGS.GROUP_CANNOT_BE_DELETED', 'Id'),
		);
	});
});

describe('queues', () => {
	it('take agents and managers by number and fill in the rest', async () => {
		const { Id } = await sandbox.at.create('Queues', {
			Name: 'Recalls',
			Agents: [{ Number: '104' }, { Number: '105' }],
		});
		const path = `Queues(${String(Id)})`;
		expect(await sandbox.at.rows(`${path}/Agents?$select=Number,Name`)).toEqual([
			{ Number: '104', Name: 'Keira Doyle' },
			{ Number: '105', Name: 'Tomasz Wrona' },
		]);
		await sandbox.at.send('PATCH', path, { Agents: [{ Number: '106' }] });
		expect((await sandbox.at.rows(`${path}/Agents`)).map(({ Number: number }) => number)).toEqual([
			'106',
		]);
		const { body } = await sandbox.at.get(path);
		expect(body).not.toHaveProperty('Agents');
	});

	it.each([
		['unknown', [{ Number: '4711' }], 'WARNINGS.XAPI.NOT_FOUND', 'Agents[0].Number'],
		[
			'named twice',
			[{ Number: '104' }, { Number: '104' }],
			'WARNINGS.XAPI.DUPLICATE',
			'Agents[1].Number',
		],
	])('refuse agents that are %s', async (_what, Agents, code, target) => {
		expect((await sandbox.at.send('POST', 'Queues', { Agents })).body).toEqual(
			refused(code, target),
		);
	});
});

describe('other sets', () => {
	it('number parkings SPnn', async () => {
		const first = await sandbox.at.create('Parkings', {});
		expect(first.Number).toBe('SP15');
	});

	it('merge complex settings by key', async () => {
		const before = (await sandbox.at.get('OfficeHours')).body;
		expect((await sandbox.at.send('PATCH', 'OfficeHours', { TimeZoneId: '60' })).status).toBe(204);
		expect((await sandbox.at.get('OfficeHours')).body).toEqual({ ...before, TimeZoneId: '60' });
	});

	it('know whether support has been let in', async () => {
		const status = async () =>
			(await sandbox.at.get('SystemStatus/Pbx.GetRemoteAccessStatus()')).body;
		expect(await status()).toMatchObject({ value: 'None' });
		const description = {
			Name: 'Ada',
			ReplyEmail: 'ada@example.com',
			IssueDescription: 'No ring tone',
		};
		const asked = await sandbox.at.send('POST', 'SystemStatus/Pbx.RequestHelp', { description });
		expect([asked.status, await status()]).toMatchObject([204, { value: 'Requested' }]);
		const revoked = await sandbox.at.send('POST', 'SystemStatus/Pbx.RevokeRemoteAccess');
		expect([revoked.status, await status()]).toMatchObject([204, { value: 'None' }]);
	});

	it('keep rows with a text key', async () => {
		await sandbox.at.create('TenantProperties', { Name: "it's", Value: '1' });
		const path = "TenantProperties('it''s')";
		expect((await sandbox.at.send('PATCH', path, { Value: '2' })).status).toBe(204);
		expect((await sandbox.at.get(path)).body.Value).toBe('2');
		expect((await sandbox.at.send('POST', 'TenantProperties', { Name: "it's" })).status).toBe(400);
		expect((await sandbox.at.send('DELETE', path)).status).toBe(204);
		expect((await sandbox.at.get(path)).status).toBe(404);
	});

	it.each(['+442079460101', '020 7946 0101', '00442079460101'])(
		'find contacts by %s in any notation',
		async (number) => {
			const rows = await sandbox.at.rows(
				`Contacts/Pbx.GetContactsByNumber(number=${encodeURIComponent(`'${number}'`)})?$select=LastName`,
			);
			expect(rows).toEqual([{ LastName: 'Winslow' }]);
		},
	);

	it('make API clients of service principals', async () => {
		const GroupId = await department('DEFAULT');
		const { Id } = await sandbox.at.create('ServicePrincipals', {
			Number: 'helper',
			XAPIEnabled: true,
			Groups: [{ GroupId, Rights: { RoleName: 'system_admins' } }],
			Peers: [{ Number: '100' }],
		});
		const { body } = await sandbox.at.send(
			'POST',
			`ServicePrincipals(${String(Id)})/Pbx.GenerateAppToken`,
		);
		expect(sandbox.pbx.clients.find(({ clientId }) => clientId === 'helper')).toEqual({
			clientId: 'helper',
			clientSecret: body.value,
			role: 'system_admins',
			xapiEnabled: true,
			callControlEnabled: false,
			monitored: ['100'],
		});
	});
});
