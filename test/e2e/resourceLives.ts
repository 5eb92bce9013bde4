import { HIDDEN } from '../../lib/xapi/secrets';
import { rowKey } from '../../nodes/ThreeCx/locator';
import { operationsOf } from '../../nodes/ThreeCx/operations';
import { hasRows } from '../../nodes/ThreeCx/resource';
import { resourceNamed } from '../../nodes/ThreeCx/resources';
import { VERSION, type Pbx } from '../../sandbox/pbx';
import type { ChainedNode } from '../support/workflows';

/**
 * Workflows with all operations of the 3CX node, one a resource: the life of a row (create, read back, change, list with
 * filter and linked records, delete) as far as 3CX lets it, and operations of its own. A real n8n runs them
 * (`resourceLives.test.ts`), and their items are the examples of `docs/nodes`.
 */

type Fields = Record<string, unknown>;

/** A node of the workflow and what it has to give. */
export interface Step {
	node: ChainedNode;
	/** The items, each with at least these fields. */
	gives: unknown;
}

/** An operation of the resource that the workflow is about, named after it. */
const step = (operation: string, parameters: Fields, gives: unknown, name = operation): Step => ({
	// Each operation runs once, however many rows the one before has found.
	node: { name, parameters: { operation, ...parameters }, executeOnce: true },
	gives,
});

/** An operation that is refused; the item goes on with the message. */
const refused = (operation: string, parameters: Fields, message: RegExp, name: string): Step => {
	const { node } = step(operation, parameters, [], name);
	return {
		node: { ...node, onError: 'continueRegularOutput' },
		gives: [{ error: expect.stringMatching(message) as string }],
	};
};

/** What a CSV file holds that an operation gives, read by n8n's own node. */
const table = (parameters: Fields, fileName: string, gives: unknown): Step[] => [
	step('downloadCsv', parameters, [{ fileName, mimeType: 'text/csv' }]),
	reading('csv', gives),
];

/** Reads the file that the node before has given. */
const reading = (operation: 'binaryToPropery' | 'csv', gives: unknown): Step => ({
	node: {
		name: 'content',
		type: 'n8n-nodes-base.extractFromFile',
		typeVersion: 1,
		parameters: { operation },
	},
	gives,
});

const by = (mode: string, value: unknown) => ({ __rl: true, mode, value });
/** A value of the first item of an earlier step. */
const from = (name: string, property: string) => `={{ $('${name}').first().json.${property} }}`;
const to = (kind: string, target = '') => ({ destination: { to: kind, target } });
const equal = (field: string, value: unknown) => ({
	field: `${field}|text`,
	operator: 'equals',
	value,
});
const where = (...conditions: Fields[]) => ({ filters: { conditions } });
const some = (...rows: Fields[]) =>
	expect.arrayContaining(rows.map((row) => expect.objectContaining(row) as unknown)) as unknown;
const idOf = (pbx: Pbx, entitySet: string, property: string, value: string) =>
	pbx.store.find(entitySet, property, value)!.Id as number;
const hours = (hour: number) => `2026-11-02T${String(hour).padStart(2, '0')}:00:00.000Z`;

/** The life of a row, which all resources with rows of their own have in common. */
interface Life {
	/** What Create takes, and the fields that the row must have then. */
	create: Fields;
	created: Fields;
	/** Natural keys to read the row by; the first one is used to change it. */
	keys: Record<string, string>;
	/** Operations in between. */
	own?: Step[];
	/** Fields that Update takes, and what must be so then. */
	change: Fields;
	changed: Fields;
	/** The property that Get Many filters by, and its value at the end. */
	find: [property: string, value: string];
	/** Linked records to add, and their values at the end. */
	linked?: Record<string, unknown>;
	/** What else is asked of a link, such as its own linked record. */
	links?: Record<string, Fields>;
}

/** Every property with a change. */
const keysOf = (settings: Fields): Fields =>
	Object.fromEntries(Object.keys(settings).map((name) => [name, expect.anything() as unknown]));

/** Changes settings and reads them back: the life of a settings object. */
const settingsLife = (settings: Fields, shown: Fields = settings): Step[] => [
	step('updateSettings', { settings, dryRun: true }, [{ outcome: 'wouldUpdate' }], 'plan'),
	step('updateSettings', { settings }, [
		{ outcome: 'updated', changed: keysOf(settings), ...shown },
	]),
	step('getSettings', {}, [shown]),
];

/** The steps of a life. */
function life(
	name: string,
	{ create, created, keys, own = [], change, changed, find, linked = {}, links = {} }: Life,
): Step[] {
	const resource = resourceNamed(name);
	if (!hasRows(resource)) throw new Error(`${name} has no rows`);
	const key = { [name]: by('id', from('create', rowKey(resource).name)) };
	const natural = Object.entries(keys).map(([mode, value]) => ({
		mode,
		at: { [name]: by(mode, value) },
	}));
	const hasUpsert = operationsOf(resource).some(({ name: operation }) => operation === 'upsert');
	const hasDeleteMany = resource.operations?.some(
		({ name: operation, properties = [] }) =>
			operation === 'deleteMany' && properties.some(({ name: parameter }) => parameter === 'ids'),
	);
	const expand = Object.keys(linked);
	const changing = { ...(natural[0]?.at ?? key), updateFields: change };
	return [
		step('create', { ...create, dryRun: true }, [{ outcome: 'wouldCreate' }], 'plan'),
		step('create', create, [created]),
		...(hasUpsert ? [step('upsert', create, [{ ...created, outcome: 'unchanged' }])] : []),
		step('get', key, [created], 'get by key'),
		...natural.map(({ mode, at }) =>
			step('get', { ...at, options: { expand } }, [created], `get by ${mode}`),
		),
		...own,
		step(
			'update',
			{ ...changing, dryRun: true },
			// Some rows are so by now.
			[{ outcome: expect.stringMatching(/^(?:wouldUpdate|unchanged)$/) as string }],
			'plan change',
		),
		step('update', changing, [changed]),
		step(
			'getAll',
			{
				...where(equal(...find)),
				...(expand.length > 0
					? { expands: { link: expand.map((property) => ({ property, ...links[property] })) } }
					: {}),
			},
			[{ ...changed, ...linked }],
		),
		step('delete', { ...key, dryRun: true }, [{ outcome: 'wouldDelete' }], 'plan end'),
		step('delete', key, [{ deleted: true }]),
		refused('get', key, /^This PBX has no /, 'gone'),
		...(hasDeleteMany ? deletedAtOnce('deleteMany', create) : []),
	];
}

/** Another row that an operation for many deletes. */
const deletedAtOnce = (operation: string, create: Fields, more: Fields = {}): Step[] => [
	step('create', create, [{ Id: expect.anything() as unknown }], 'create again'),
	step(operation, { ids: `={{ [$('create again').first().json.Id] }}`, ...more }, [
		{ deleted: true },
	]),
];

const last30 = { period: 'last30Days' };
const day = { period: 'between', from: '2026-11-02T00:00:00', to: '2026-11-03T00:00:00' };

const mapper = (value: Fields) => ({ mappingMode: 'defineBelow', value });
const invoke = (operation: string, more: Fields, gives: unknown, name = operation): Step =>
	step('invoke', { xapiOperation: by('list', operation), ...more }, gives, name);

/** Calls of one queue go to another one. */
const ELSEWHERE = { replaced: to('Queue', '800'), replacement: to('Queue', '801') };

/** The workflow of each resource, on a PBX of its own. */
export const WORKFLOWS: Record<string, (pbx: Pbx) => Step[]> = {
	activeCall: (pbx) => {
		pbx.calls.makeCall({ from: '100', to: '101' });
		const activeCall = by('id', from('getAll', 'Id'));
		return [
			step('getAll', {}, [{ Caller: expect.stringMatching(/^100/) as string }]),
			step('drop', { activeCall }, [{ dropped: true }]),
			refused('drop', { activeCall }, /^This PBX has no active call/, 'gone'),
		];
	},
	activityLog: (pbx) => {
		for (const extension of [100, 101]) {
			const Message = `Call 7 to ${extension} rings`;
			pbx.store.insert('ActivityLog', { Index: extension, Message, TimeStamp: hours(9) });
		}
		return [
			step('getAll', { ...day, extension: '101' }, [{ Message: 'Call 7 to 101 rings' }]),
			step('getFilter', {}, some({ Number: '100' })),
		];
	},
	aiSettings: () =>
		settingsLife(
			{ APIKey: 'open sesame', CompanyName: 'Example GmbH' },
			{ APIKey: { Concealed: true }, CompanyName: 'Example GmbH' },
		),
	anyOperation: () => [
		invoke('CreateUser', { body: mapper({ Number: '190', FirstName: 'Olu', Enabled: true }) }, [
			{ Number: '190', FirstName: 'Olu' },
		]),
		invoke('GetUserByNumber', { parameters: mapper({ Number: '190' }) }, [{ FirstName: 'Olu' }]),
		invoke(
			'UpdateUser',
			{
				parameters: mapper({ Id: from('CreateUser', 'Id') }),
				body: mapper({ LastName: "O'Neil" }),
			},
			[{ success: true }],
		),
		invoke(
			'ListUser',
			{
				options: {
					filter: "LastName eq 'O''Neil'",
					expand: 'Groups($select=Name)',
					sort: 'Number',
				},
				limit: 5,
			},
			[{ Number: '190', Groups: [expect.anything()], AuthPassword: HIDDEN }],
		),
		invoke('DeleteUser', { parameters: mapper({ Id: from('CreateUser', 'Id') }) }, [
			{ success: true },
		]),
		invoke('GetSystemStatus', {}, [{ Version: VERSION }]),
		invoke('ListRecording', { limit: 1 }, [{ Id: expect.any(Number) as number }]),
		invoke('DownloadRecording', { parameters: mapper({ recId: from('ListRecording', 'Id') }) }, [
			{ mimeType: 'audio/wav' },
		]),
		reading('binaryToPropery', [{ data: expect.stringMatching(/^UklGR/) as string }]),
	],
	apiClient: (pbx) => {
		const groupId = idOf(pbx, 'Groups', 'Name', 'Management');
		const apiClient = by('Number', 'crm');
		return life('apiClient', {
			create: {
				number: 'crm',
				departments: { membership: [{ groupId, role: 'users' }] },
				xapiEnabled: true,
			},
			created: { Number: 'crm', XAPIEnabled: true, CallControlEnabled: false },
			keys: { Number: 'crm' },
			own: [
				step('generateKey', { apiClient }, [
					{ ClientSecret: expect.stringMatching(/.{8}/) as string },
				]),
				step('setMonitoredExtensions', { apiClient, extensions: ['100', '101'] }, [
					{ outcome: 'updated', monitored: ['100', '101'] },
				]),
				step(
					'setRights',
					{
						apiClient,
						groupId,
						role: 'system_admins',
						xapiEnabled: true,
						callControlEnabled: false,
					},
					[{ outcome: 'updated', changed: { Groups: expect.anything() as unknown } }],
				),
			],
			change: { callControlEnabled: true },
			changed: { Number: 'crm', CallControlEnabled: true },
			find: ['Number', 'crm'],
			linked: {
				Groups: [{ Name: 'Management', Rights: { RoleName: 'system_admins' } }],
				Peers: [{ Number: '100' }, { Number: '101' }],
			},
			links: { Groups: { nested: 'Rights', nestedSelect: ['RoleName'] } },
		});
	},
	auditLog: (pbx) => {
		const entry = { UserName: 'Amelia', Timestamp: hours(9), ObjectName: 'Extension 100' };
		pbx.store.insert('ReportAuditLog', { Id: 1, ...entry });
		pbx.store.insert('ReportAuditLog', { Id: 2, ...entry, UserName: 'Rhys' });
		return [
			step('getAll', { ...day, userName: 'AMELIA' }, [{ Id: 1, ObjectName: 'Extension 100' }]),
			...table({}, 'audit-log.csv', some({ UserName: 'Rhys' })),
		];
	},
	backup: () => {
		const file = { backup: by('id', 'nightly.zip') };
		return [
			step('create', { backupName: 'nightly', contents: { Recordings: true } }, [
				{ started: true },
			]),
			step('getAll', where(equal('FileName', 'nightly.zip')), [{ FileName: 'nightly.zip' }]),
			refused('restore', { ...file, confirmation: 'yes' }, /^Not confirmed/, 'unconfirmed'),
			step('restore', { ...file, confirmation: 'nightly.zip' }, [{ restoring: true }]),
			step('delete', file, [{ deleted: true }]),
			refused('delete', file, /^This PBX has no backup/, 'gone'),
		];
	},
	blockedIp: () =>
		life('blockedIp', {
			create: {
				ipAddrMask: '203.0.113.7',
				additionalFields: { expiresAt: '2026-07-01T12:00:00', description: 'Guessed passwords' },
			},
			// London is an hour ahead of UTC in summer.
			created: { BlockType: 'Block', ExpiresAt: '2026-07-01T11:00:00.000Z' },
			keys: { IPAddrMask: '203.0.113.7' },
			change: { blockType: 'Allow' },
			changed: { BlockType: 'Allow', Description: 'Guessed passwords' },
			find: ['IPAddrMask', '203.0.113.7'],
		}),
	blockedNumber: () =>
		life('blockedNumber', {
			create: { callerId: '+442079460199', description: 'Nuisance' },
			created: { CallerId: '+442079460199', Description: 'Nuisance' },
			keys: { CallerId: '+442079460199' },
			change: { description: 'Spam' },
			changed: { CallerId: '+442079460199', Description: 'Spam' },
			find: ['Description', 'spam'],
		}),
	callLog: () => [
		step(
			'getAll',
			{ ...last30, limit: 2, callFilters: { answered: 'answered' }, includeLegs: true },
			[
				{ answered: true, legs: expect.any(Array) as unknown[] },
				{ answered: true, legs: expect.any(Array) as unknown[] },
			],
		),
		step(
			'getAll',
			{ ...last30, itemPer: 'leg', limit: 1 },
			[{ TalkingSeconds: expect.any(Number) as number }],
			'legs',
		),
		...table(last30, 'call-log.csv', some({ Status: 'Answered' })),
	],
	chat: (pbx) => {
		for (const hour of [9, 10]) {
			pbx.store.insert('ChatHistoryView', {
				ConversationId: hour,
				FromName: 'Anna',
				Message: `It is "${hour}"`,
				TimeSent: hours(hour),
				ParticipantsGroupsArray: [],
			});
		}
		const early = {
			field: 'TimeSent|moment',
			operator: 'lessThan',
			dateValue: '2026-11-02T09:30:00',
		};
		return [
			step('getAll', where(early), [{ ConversationId: 9, FromName: 'Anna' }]),
			...table({}, 'chat-history.csv', some({ Message: 'It is "9"' }, { Message: 'It is "10"' })),
		];
	},
	chatMessage: (pbx) => {
		for (const hour of [9, 10]) {
			pbx.store.insert('ChatMessagesHistoryView', {
				ConversationId: 1,
				MessageId: hour,
				Message: `It is ${hour}`,
				TimeSent: hours(hour),
				ParticipantsGroupsArray: [],
			});
		}
		const late = {
			field: 'TimeSent|moment',
			operator: 'greaterThan',
			dateValue: '2026-11-02T09:30:00',
		};
		return [
			step('getAll', where(late), [{ MessageId: 10, Message: 'It is 10' }]),
			...table({}, 'chat-messages.csv', some({ Message: 'It is 9' }, { Message: 'It is 10' })),
		];
	},
	conference: () => {
		const settings = { PinNumber: '4711', EnablePin: true, Zone: 'Europe' };
		return [
			...settingsLife(settings, { ...settings, PinNumber: HIDDEN }),
			step('getZones', {}, some({ zone: 'Europe' })),
			step('getOnboardMeetings', {}, []),
		];
	},
	contact: () =>
		life('contact', {
			create: {
				firstName: 'Nora',
				phoneNumber: '+441614960777',
				additionalFields: { email: 'nora@example.com', mobile2: '(0161) 496 0778' },
			},
			created: { FirstName: 'Nora', PhoneNumber: '+441614960777' },
			keys: { PhoneNumber: '+441614960777', Email: 'nora@example.com' },
			own: [
				step('findByNumber', { number: '0161 4960778', defaultCountry: 'GB' }, [
					{ FirstName: 'Nora', matchedFields: ['Mobile2'] },
				]),
			],
			change: { title: 'Dr' },
			changed: { FirstName: 'Nora', Title: 'Dr' },
			find: ['Email', 'nora@example.com'],
		}),
	department: () => {
		const members = { department: by('Name', 'Night Shift'), extensions: ['115'] };
		const steps = life('department', {
			create: { name: 'Night Shift' },
			created: { Name: 'Night Shift' },
			keys: { Name: 'Night Shift', Number: from('create', 'Number') },
			own: [
				step('addMember', { ...members, role: 'receptionists' }, [
					{ outcome: 'updated', added: ['115'], RoleName: 'receptionists' },
				]),
				step('getRoles', members, some({ RoleName: 'receptionists' })),
				step(
					'setOfficeHoursMode',
					{ ...members, mode: 'ForceClosed', until: '2099-07-01T09:00:00' },
					[{ CurrentGroupHours: 'ForceClosed', OverrideExpiresAt: '2099-07-01T08:00:00.000Z' }],
				),
			],
			change: { timeZoneId: '51' },
			changed: { Name: 'Night Shift', TimeZoneId: '51', CurrentGroupHours: 'ForceClosed' },
			find: ['Name', 'night shift'],
			linked: { Members: [{ Number: '115' }] },
		});
		const end = steps.findIndex(({ node }) => node.name === 'delete');
		const leave = step('removeMember', members, [{ removed: ['115'] }]);
		return [...steps.slice(0, end), leave, ...steps.slice(end)];
	},
	didNumber: () => [
		step(
			'getAll',
			{
				...where(equal('Number', '+442079460803')),
				expands: { link: [{ property: 'RoutingRule', select: ['RuleName'] }] },
			},
			[{ Number: '+442079460803', RoutingRule: { RuleName: 'Billing' } }],
		),
		step(
			'getRouting',
			{},
			some({ Number: '+442079460801', HasRule: true, RuleName: 'Appointments' }),
		),
	],
	emergency: () => settingsLife({ SpecifiedList: '101,102', ChatRecipients: 'AllGroupsManagers' }),
	eventLog: (pbx) => {
		for (const [Id, Type] of ['Info', 'Error'].entries()) {
			const Message = `Event ${Id}`;
			pbx.store.insert('EventLogs', { Id, Type, TimeGenerated: hours(Id), Message, Params: [] });
		}
		return [
			step('getAll', where({ field: 'Type|enum', operator: 'equals', enumValue: 'Error' }), [
				{ Id: 1, Message: 'Event 1' },
			]),
			...table({}, 'event-log.csv', some({ Message: 'Event 0' })),
			refused('purge', { confirmation: 'yes' }, /must contain "PURGE"/, 'unconfirmed'),
			step('purge', { confirmation: 'PURGE' }, [{ purged: true }]),
		];
	},
	fax: (pbx) => {
		const groupId = idOf(pbx, 'Groups', 'Name', 'Billing');
		return life('fax', {
			create: {
				number: '905',
				additionalFields: {
					outboundCallerId: '+442079460809',
					// As an expression may give it.
					departments: `={{ ${groupId} }}`,
				},
			},
			created: { Number: '905', OutboundCallerId: '+442079460809' },
			keys: { Number: '905' },
			change: { faxServer: true },
			changed: { Number: '905', FaxServer: true },
			find: ['Number', '905'],
			linked: { Groups: [{ Name: 'Billing' }] },
		});
	},
	holiday: () =>
		life('holiday', {
			create: {
				name: 'Christmas',
				start: '2026-12-24T13:30:00',
				end: '2027-01-02T08:00:00',
				isRecurrent: true,
			},
			created: { Name: 'Christmas', Day: 24, TimeOfStartDate: '13:30', YearEnd: 2027 },
			keys: { Name: 'Christmas' },
			change: { start: '2026-12-25T00:00:00' },
			changed: { Day: 25, DayEnd: 25, YearEnd: 2026, TimeOfEndDate: '23:59' },
			find: ['Name', 'Christmas'],
		}),
	inboundRule: () =>
		life('inboundRule', {
			create: {
				ruleName: 'Hotline',
				data: '+442079460890',
				officeHoursDestination: to('Queue', '800'),
				additionalFields: {
					outOfOfficeHoursDestination: {
						destination: { to: 'External', external: '(020) 7946-0199' },
					},
					trunk: '10000',
				},
			},
			created: {
				RuleName: 'Hotline',
				OfficeHoursDestination: { To: 'Queue', Number: '800' },
				OutOfOfficeHoursDestination: { To: 'External', External: '02079460199' },
			},
			keys: { Data: '+442079460890', RuleName: 'Hotline' },
			change: { officeHoursDestination: to('VoiceMail', '100') },
			changed: { OfficeHoursDestination: { To: 'VoiceMail', Number: '100', Type: 'Extension' } },
			find: ['Data', '+442079460890'],
			linked: { TrunkDN: { Number: '10000' } },
		}),
	ivr: () => {
		const ivr = by('Number', '710');
		return life('ivr', {
			create: {
				number: '710',
				name: 'Night menu',
				keys: {
					key: [
						{ key: '1', to: 'Queue', target: '800' },
						{ key: '*', to: 'RepeatPrompt' },
					],
				},
				additionalFields: {
					timeout: 8,
					timeoutDestination: to('RingGroup', '600'),
				},
				closedRoutes: {
					route: [{ when: 'HolidaysRoute', to: 'External', external: '+44 20 7946 0101' }],
				},
			},
			created: { Number: '710', Name: 'Night menu', Timeout: 8, TimeoutForwardDN: '600' },
			keys: { Number: '710', Name: 'Night menu' },
			own: [
				step('setKey', { ivr, key: '2', keyDestination: to('VoiceMail', '100') }, [
					{ outcome: 'updated', before: null, after: { type: 'VoiceMail', target: '100' } },
				]),
				step('removeKey', { ivr, key: '1' }, [{ outcome: 'updated', after: null }]),
			],
			change: { name: 'Late menu' },
			changed: { Number: '710', Name: 'Late menu', Timeout: 8 },
			find: ['Name', 'late menu'],
			linked: {
				Forwards: [
					{ Input: '*', ForwardType: 'RepeatPrompt' },
					{ Input: '2', ForwardType: 'VoiceMail', ForwardDN: '100' },
				],
			},
		});
	},
	mail: () =>
		settingsLife(
			{ MailPassword: 'open sesame', MailServer: 'smtp.example.org:587' },
			{ MailPassword: { Concealed: true }, MailServer: 'smtp.example.org:587' },
		),
	musicOnHold: () => settingsLife({ MusicOnHold: 'piano.wav', MusicOnHoldRandomize: true }),
	notification: () =>
		settingsLife({ EmailAddresses: 'it@example.com', NotifyServiceStopped: true }),
	oauthClient: (pbx) => {
		const Id = '01234567-89ab-cdef-0123-456789abcdef';
		pbx.store.insert('OAuthClients', {
			Id,
			ClientId: 'https://assistant.example.com',
			CreatedBy: '100',
			Persistent: true,
			Scopes: [],
		});
		const oauthClient = by('any', 'https://assistant.example.com');
		return [
			step('getAll', {}, [{ ClientId: 'https://assistant.example.com' }]),
			step('get', { oauthClient: by('any', Id) }, [{ Id, CreatedBy: '100' }]),
			step('delete', { oauthClient }, [{ deleted: true }]),
			refused('get', { oauthClient }, /^This PBX has no OAuth client/, 'gone'),
		];
	},
	officeHours: () => {
		const time = [{ days: ['Monday'], from: '8:30', to: '17:00' }];
		const table = [{ day: 'Monday', from: '08:30', to: '17:00' }];
		return [
			step('update', { hours: { time } }, [{ outcome: 'updated', hours: table }]),
			step('get', {}, [{ hours: table }]),
			step('update', { hours: { time } }, [{ outcome: 'unchanged' }], 'again'),
		];
	},
	outboundRule: (pbx) => {
		const outboundRule = by('Name', 'Mobiles');
		return [
			...life('outboundRule', {
				create: {
					name: 'Mobiles',
					prefix: '07',
					routes: {
						route: [
							{ trunkId: idOf(pbx, 'Trunks', 'Number', '10000'), stripDigits: 1, prepend: '+44' },
						],
					},
					additionalFields: {
						dnRanges: { range: [{ from: '100', to: '119' }, { from: '129' }] },
						numberLengthRanges: '11',
						groupIds: [idOf(pbx, 'Groups', 'Name', 'Billing')],
					},
				},
				created: {
					Name: 'Mobiles',
					GroupNames: ['Billing'],
					DNRanges: [
						{ From: '100', To: '119' },
						{ From: '129', To: '129' },
					],
					Routes: [{ StripDigits: 1, Prepend: '+44' }],
				},
				keys: { Name: 'Mobiles' },
				own: [
					step('moveUp', { outboundRule }, [{ Priority: 1, moved: true }]),
					step('moveDown', { outboundRule }, [{ Priority: 2, moved: true }]),
				],
				change: { prefix: '077' },
				changed: { Name: 'Mobiles', Prefix: '077', NumberLengthRanges: '11' },
				find: ['Prefix', '077'],
			}),
			...deletedAtOnce('purge', { name: 'Old' }, { confirmation: 'purge' }),
		];
	},
	phone: (pbx) => {
		const phone = by('MAC', '0015650A0BFF');
		const userId = idOf(pbx, 'Users', 'Number', '105');
		return [
			step('getAll', where(equal('MAC', '0015650A0BFF')), [{ Model: 'T46U', Assigned: false }]),
			step('provision', { phone, userId }, [{ userId, provisioned: true }]),
			step('get', { phone: by('id', from('getAll', 'Id')) }, [{ Assigned: true }]),
			step('getRegistered', {}, some({ Extension: '103', MAC: '0015650A0B0C' })),
			step('reboot', { mac: '00:15:65:0a:0b:0c' }, [{ MAC: '0015650A0B0C', sent: 'reboot' }]),
			step('reprovision', { mac: '0015650A0B0C' }, [{ sent: 'reprovision' }]),
			step('upgrade', { mac: '0015650A0B0C' }, [{ version: '96.86.0.75', upgrading: true }]),
			step('delete', { phone }, [{ deleted: true }]),
			refused('get', { phone }, /^This PBX has no phone/, 'gone'),
		];
	},
	playlist: () => [
		step('downloadFile', { playlist: by('id', 'Calm Piano'), fileName: 'morning.wav' }, [
			{ fileName: 'morning.wav' },
		]),
		reading('binaryToPropery', [{ data: expect.stringMatching(/^UklGR/) as string }]),
		step('deleteFile', { playlist: by('id', 'Calm Piano'), fileName: 'morning.wav' }, [
			{ deleted: true },
		]),
		...life('playlist', {
			create: { name: 'Café & Bar', additionalFields: { shuffle: true } },
			created: { Name: 'Café & Bar', Shuffle: true },
			keys: {},
			change: { maxVolumePercent: 60 },
			changed: { Name: 'Café & Bar', MaxVolumePercent: 60, Shuffle: true },
			find: ['Name', 'café & bar'],
		}),
	],
	prompt: () => {
		const prompt = by('id', from('record', 'Filename'));
		return [
			step('record', { extension: '104', fileName: "easter's closed" }, [{ calling: '104' }]),
			step('getAll', where(equal('Filename', "easter's closed.wav")), [{ CanBeDeleted: true }]),
			step('delete', { prompt }, [{ deleted: true }]),
			refused('delete', { prompt }, /^This PBX has no prompt/, 'gone'),
		];
	},
	queue: (pbx) => {
		const queue = by('Number', '890');
		// A queue without agents keeps its callers.
		const Id = idOf(pbx, 'Queues', 'Number', '802');
		pbx.store.update('Queues', pbx.store.find('Queues', 'Id', Id)!, { Agents: [] });
		pbx.calls.incoming({ from: '+442079460101', fromName: 'Nora', to: '802' });
		return life('queue', {
			create: {
				number: '890',
				name: 'Weekend Service',
				agents: ['103', '101'],
				managers: ['100'],
				additionalFields: { pollingStrategy: 'Hunt', forwardNoAnswer: to('VoiceMail', '100') },
			},
			created: { Number: '890', Name: 'Weekend Service', PollingStrategy: 'Hunt' },
			keys: { Number: '890', Name: 'Weekend Service' },
			own: [
				step(
					'addAgent',
					{ queue, extensions: ['107'], skillGroup: '', dryRun: true },
					[{ outcome: 'wouldUpdate', changed: { Agents: { to: ['103', '101', '107'] } } }],
					'plan agents',
				),
				step('addAgent', { queue, extensions: ['107', '101'], skillGroup: '' }, [
					{ added: ['107'], unchanged: ['101'] },
				]),
				step('removeAgent', { queue, extensions: ['103'] }, [{ removed: ['103'] }]),
				step('addManager', { queue, extensions: ['102'] }, [{ added: ['102'] }]),
				step('removeManager', { queue, extensions: ['100'] }, [{ removed: ['100'] }]),
				step('getAgents', { queue }, [{ Number: '101' }, { Number: '107' }]),
				step('getLiveStatus', { queueNumbers: ['802', '890'] }, [
					{ queue: '802', waiting: 1, callers: [{ number: '+442079460101', name: 'Nora' }] },
					{ queue: '890', waiting: 0, longestWait: 0, free: 2, loggedOut: 0 },
				]),
				step('resetStatistics', { queue }, [{ reset: true }]),
			],
			change: { ringTimeout: 15 },
			changed: { Number: '890', RingTimeout: 15, PollingStrategy: 'Hunt' },
			find: ['Name', 'weekend service'],
			linked: { Agents: [{ Number: '101' }, { Number: '107' }], Managers: [{ Number: '102' }] },
		});
	},
	recording: () => {
		const recording = by('id', from('getAll', 'Id'));
		return [
			step('getAll', { limit: 1 }, [{ StartTime: expect.any(String) as string }]),
			step(
				'findForCall',
				{
					callId: '',
					number: from('getAll', 'FromCallerNumber'),
					extension: from('getAll', 'ToDn'),
					callStart: from('getAll', 'StartTime'),
					callEnd: from('getAll', 'EndTime'),
				},
				[{ found: true, complete: true }],
			),
			step('download', { recording }, [{ mimeType: 'audio/wav' }]),
			reading('binaryToPropery', [{ data: expect.stringMatching(/^UklGR/) as string }]),
			step('transcribe', { recording }, [{ transcribing: true }]),
			step('archive', { recording }, [{ archiving: true }]),
			step('get', { recording }, [{ IsTranscribed: true, IsArchived: true }]),
			step('delete', { recording }, [{ deleted: true }]),
			refused('get', { recording }, /^This PBX has no recording/, 'gone'),
		];
	},
	report: () => {
		const report = 'ExtensionStatistics';
		return [
			step('get', { report, ...last30, extensions: ['104'] }, [
				{ Dn: '104', InboundAnsweredTalkingSeconds: expect.any(Number) as number },
			]),
			step(
				'get',
				{ report: 'QueuePerformanceTotals', ...last30 },
				some({ QueueDn: '800' }, { QueueDn: '801' }),
				'queues',
			),
			...table(
				{ report, ...last30 },
				'ExtensionStatistics.csv',
				some({ DisplayName: 'Keira Doyle' }),
			),
		];
	},
	ringGroup: () => {
		const ringGroup = by('Name', 'Night Bell');
		return life('ringGroup', {
			create: {
				number: '690',
				name: 'Night Bell',
				members: ['101', '102'],
				additionalFields: { ringStrategy: 'Hunt', forwardNoAnswer: to('Queue', '800') },
			},
			created: { Number: '690', Name: 'Night Bell', RingStrategy: 'Hunt' },
			keys: { Number: '690', Name: 'Night Bell' },
			own: [
				step('addMember', { ringGroup, extensions: ['103', '101'] }, [{ added: ['103'] }]),
				step('removeMember', { ringGroup, extensions: ['101'] }, [{ removed: ['101'] }]),
			],
			change: { ringTime: 30 },
			changed: { Number: '690', RingTime: 30 },
			find: ['Name', 'night bell'],
			linked: { Members: [{ Number: '102' }, { Number: '103' }] },
		});
	},
	sbc: (pbx) => {
		pbx.store.insert('Sbcs', { Name: 'sbc0harbour', DisplayName: 'Harbour', HasConnection: true });
		const sbc = by('DisplayName', 'Harbour');
		return [
			step('getAll', {}, [{ Name: 'sbc0harbour', DisplayName: 'Harbour' }]),
			step('get', { sbc }, [{ HasConnection: true }]),
			step('pushConfig', { sbc }, [{ pushed: true }]),
			step('update', { sbc, updateFields: { displayName: 'Port' } }, [{ DisplayName: 'Port' }]),
			step('delete', { sbc: by('id', 'sbc0harbour') }, [{ deleted: true }]),
			refused('get', { sbc }, /^This PBX has no SBC/, 'gone'),
		];
	},
	security: () => settingsLife({ HackBlacklistDuration: 7200, HackAuthRequests: 10 }),
	sharedParking: (pbx) => {
		const callid = pbx.calls.incoming({ from: '+442079460101', fromName: 'Nora', to: '102' });
		pbx.calls.answer({ callid, dn: '102' });
		pbx.calls.park({ dn: '102', slot: 'SP12' });
		return life('sharedParking', {
			create: { number: 'SP70', departments: [idOf(pbx, 'Groups', 'Name', 'Billing')] },
			created: { Number: 'SP70' },
			keys: { Number: 'SP70' },
			own: [step('getParkedCalls', {}, [{ CallId: callid, Parking: 'SP12', CallerName: 'Nora' }])],
			change: { transcriptionMode: 'Both' },
			changed: { Number: 'SP70', TranscriptionMode: 'Both' },
			find: ['Number', 'sp70'],
			linked: { Groups: [{ Name: 'Billing' }] },
		});
	},
	system: () => [
		step('checkApiAccess', {}, [{ xapi: true, callControl: true, role: 'system_owners' }]),
		step('getCompatibilityReport', { listenFor: 0 }, [{ format: 1, version: VERSION }]),
		step('getHealth', {}, [{ Firewall: true, Trunks: true }]),
		step('getLicence', {}, [{ IsEnterprise: true, LicenseKey: HIDDEN }]),
		step('getOverview', {}, [
			{ licence: { active: true }, trunks: { online: 1, offline: [] }, notes: {} },
		]),
		step('getStatus', {}, [{ Version: VERSION, TrunksTotal: 1 }]),
		step('getTelemetry', {}, [{ CpuUsage: expect.any(Number) as number }]),
		step('getVersion', {}, [{ version: VERSION }]),
		step(
			'replaceDestination',
			{ ...ELSEWHERE, dryRun: true },
			[{ outcome: 'wouldUpdate', touched: some({ in: 'IVR', as: 'Key 1', outcome: 'planned' }) }],
			'plan',
		),
		step('replaceDestination', ELSEWHERE, [{ outcome: 'updated', done: 4, failed: 0 }]),
		step('restartServices', { services: ['QueueManager'] }, [{ restarting: ['QueueManager'] }]),
	],
	trunk: () => {
		const trunk = by('Number', from('createFromTemplate', 'Number'));
		return [
			step(
				'createFromTemplate',
				{
					template: 'Northgate.pv.xml',
					trunkName: 'Second line',
					authPassword: 'not-to-be-seen',
					trunkFields: { didNumbers: '+442079460870', simultaneousCalls: 4, authId: 'larkfield' },
				},
				[{ DidNumbers: ['+442079460870'], SimultaneousCalls: 4, Gateway: { Name: 'Second line' } }],
			),
			step(
				'get',
				{ trunk: by('id', from('createFromTemplate', 'Id')), simplify: false },
				[{ AuthPassword: { Value: HIDDEN }, AuthID: HIDDEN }],
				'get by key',
			),
			step('get', { trunk }, [{ Gateway: { Name: 'Second line' } }], 'get by Number'),
			step('refreshRegistration', { trunk }, [{ IsOnline: true, refreshed: true }]),
			step('testInboundCall', { trunk }, [{ ok: true }]),
			step('testOutboundCall', { trunk, destination: '+44 20 7946 0101', contact: '100' }, [
				{ ok: true },
			]),
			step('update', { trunk, updateFields: { enableInboundCalls: false } }, [
				{ EnableInboundCalls: false },
			]),
			step(
				'getAll',
				{
					...where({
						field: 'EnableInboundCalls|boolean',
						operator: 'equals',
						booleanValue: 'false',
					}),
					expands: { link: [{ property: 'Groups', select: ['Name'] }] },
				},
				[{ SimultaneousCalls: 4, Groups: [{ Name: expect.any(String) as string }] }],
			),
			step('delete', { trunk: by('id', from('createFromTemplate', 'Id')) }, [{ deleted: true }]),
			refused('get', { trunk }, /^This PBX has no trunk/, 'gone'),
		];
	},
	user: (pbx) => {
		const leaver = by('Number', '103');
		pbx.store.singleton('CallParkingSettings', () => ({
			AutoPickupForwardType: 'DN',
			AutoPickupForwardDN: '103',
			AutoPickupForwardExternalNumber: '',
		}));
		const user = by('Number', '180');
		const rules = {
			rule: [{ when: 'busy', callers: 'external', to: 'Queue', target: '800' }],
		};
		const groupId = idOf(pbx, 'Groups', 'Name', 'Billing');
		return [
			step('getFreeNumber', {}, [{ Number: expect.stringMatching(/^\d+$/) as string }]),
			step('makeCall', { user: by('Number', '100'), destination: '101' }, [{ success: true }]),
			...life('user', {
				create: {
					number: '180',
					firstName: 'Nia',
					lastName: "O'Hara",
					emailAddress: 'nia.ohara@example.com',
					departments: {
						membership: [{ groupId: idOf(pbx, 'Groups', 'Name', 'Reception'), role: 'managers' }],
					},
					additionalFields: { mobile: '+447700900180', recordCalls: true },
				},
				created: { Number: '180', FirstName: 'Nia', Mobile: '+447700900180' },
				keys: { Number: '180', EmailAddress: 'nia.ohara@example.com' },
				own: [
					step('setStatus', { user, status: 'out of OFFICE' }, [
						{ outcome: 'updated', CurrentProfileName: 'Out of office' },
					]),
					step('logOutOfQueues', { user }, [{ outcome: 'updated', QueueStatus: 'LoggedOut' }]),
					step('logInToQueues', { user }, [{ outcome: 'updated', QueueStatus: 'LoggedIn' }]),
					step('addToDepartment', { user, groupId, role: 'users' }, [{ outcome: 'updated' }]),
					step('removeFromDepartment', { user, groupId }, [{ outcome: 'updated' }]),
					step(
						'updateForwarding',
						{ user, status: 'Available', rules, dryRun: true },
						[{ outcome: 'wouldUpdate', changed: { busyExternal: { to: 'Queue 800' } } }],
						'plan forwarding',
					),
					step('updateForwarding', { user, status: 'Available', rules }, [{ outcome: 'updated' }]),
					step('getForwarding', { user, status: 'Available' }, [
						{ busyExternal: { text: 'Queue 800' } },
					]),
					step('regenerate', { user, credentials: ['VoicemailPIN'] }, [
						{ regenerated: ['VoicemailPIN'] },
					]),
					step('sendWelcomeEmail', { user }, [{ sent: true }]),
					step('getUsage', { user: leaver }, [
						{
							name: 'Oscar Lindqvist',
							uses: some({ in: 'Queue', number: '800', as: 'Agent' }, { in: 'Call Parking' }),
						},
					]),
					step(
						'removeFromEverything',
						{ user: leaver, insteadOfUser: to('Queue', '802'), dryRun: true },
						[{ outcome: 'wouldUpdate', touched: some({ as: 'Agent', outcome: 'planned' }) }],
						'plan leaving',
					),
					step('removeFromEverything', { user: leaver, insteadOfUser: to('Queue', '802') }, [
						{
							outcome: 'updated',
							failed: 0,
							touched: some(
								{ as: 'Agent', outcome: 'done' },
								{ in: 'Call Parking', to: 'Queue 802', outcome: 'done' },
							),
						},
					]),
				],
				change: { lastName: 'Hart' },
				changed: { Number: '180', LastName: 'Hart', CurrentProfileName: 'Out of office' },
				find: ['LastName', 'hart'],
				linked: { Groups: [{ Name: 'Reception' }] },
			}),
			step('deleteMany', { extensions: ['128', '129'] }, [
				{ Number: '128', deleted: true },
				{ Number: '129', deleted: true },
			]),
		];
	},
	voicemail: () => settingsLife({ AutoDeleteDays: 14, MinDuration: 5 }),
};

/** @returns the nodes of a resource's workflow, in their order */
export const nodesOf = (resource: string, steps: readonly Step[]): ChainedNode[] =>
	steps.map(({ node }) =>
		node.type === undefined ? { ...node, parameters: { resource, ...node.parameters } } : node,
	);
