import { rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import { ROLES } from '../../types';
import type { Context, Rules, Violations } from '../context';
import { remove } from '../writes';
import { fillGroups, firstFreeNumber, numberViolations, rebuildMembers, rightsOf } from './dn';
import { closedRoute } from './queues';

const openRoute = {
	IsPromptEnabled: false,
	Prompt: '',
	Route: { To: 'None', Type: 'None', Tags: [] },
};

function memberViolations({ store }: Context, members: unknown): Violations {
	const violations: Violations = {};
	((members ?? []) as Row[]).forEach(({ Number: number }, index) => {
		if (!store.dn(String(number)))
			violations[`Members[${index}].Number`] = 'WARNINGS.XAPI.NOT_FOUND';
	});
	return violations;
}

/** Members written on the department are the same fact as Groups written on each DN: the DNs are where it is kept. */
function settleMembers(context: Context, group: Row, members: Row[], before: Row[]): void {
	const { store } = context;
	const wanted = new Map(members.map((member) => [String(member.Number), member]));
	const numbers = new Set([...wanted.keys(), ...before.map((member) => String(member.Number))]);
	for (const number of numbers) {
		const dn = store.dn(number);
		if (!dn) continue;
		const held = (dn.row.Groups ?? []) as Row[];
		const others = held.filter(({ GroupId }) => GroupId !== group.Id);
		const member = wanted.get(number);
		const written = member ? [...others, { GroupId: group.Id, Rights: member.Rights }] : others;
		store.update(dn.set, dn.row, { Groups: fillGroups(context, dn, written, held) });
	}
}

/** Deletes a department that an action names. */
function deleteNamed(context: Context, field: string, group: Row | undefined): void {
	if (!group) throw rejected({ [field]: 'WARNINGS.XAPI.NOT_FOUND' });
	remove(context, 'Groups', group, groups);
}

export const groups: Rules = {
	defaults: (context, body) => ({
		Number:
			typeof body.Number === 'string' && body.Number !== ''
				? body.Number
				: firstFreeNumber(context, 'Groups'),
		IsDefault: false,
		HasMembers: false,
		Members: [],
		Groups: [],
		Rights: ROLES.map(rightsOf),
		OfficeHolidays: [],
		CallHandlingMode: [],
		Language: 'EN',
		// Numeric text as 3CX keeps time zones (protocol 4.6).
		TimeZoneId: '51',
		CurrentGroupHours: 'Default',
		AllowCallService: true,
		AnswerAfter: 0,
		GloballyVisible: false,
		OverrideHolidays: false,
		DisableCustomPrompt: true,
		Hours: { Type: 'OfficeHours', IgnoreHolidays: false, Periods: [] },
		OfficeRoute: openRoute,
		OutOfOfficeRoute: closedRoute,
		BreakRoute: closedRoute,
		HolidaysRoute: closedRoute,
		Props: {
			UserNumberFrom: '100',
			UserNumberTo: '599',
			SystemNumberFrom: '600',
			SystemNumberTo: '899',
			TrunkNumberFrom: '10000',
			TrunkNumberTo: '10999',
			TrunksMaxCount: 10,
			SbcMaxCount: 10,
		},
	}),
	prepare(_context, body) {
		const { Number: number, ...rest } = body;
		return number === undefined || number === null || number === '' ? rest : body;
	},
	check(context, body, existing) {
		const name = body.Name ?? existing?.Name;
		const twin = context.store.find('Groups', 'Name', name);
		return {
			...numberViolations(context, body, existing),
			...(typeof name !== 'string' || name.trim() === '' ? { Name: 'WARNINGS.XAPI.REQUIRED' } : {}),
			...(twin && twin !== existing ? { Name: 'WARNINGS.XAPI.ALREADY_IN_USE' } : {}),
			...memberViolations(context, body.Members),
		};
	},
	written(context, row, body, before) {
		const held = (before?.Members ?? []) as Row[];
		const isRenamed = before !== undefined && before.Name !== row.Name;
		if (Array.isArray(body.Members) || isRenamed) {
			settleMembers(context, row, (body.Members ?? held) as Row[], held);
		}
		rebuildMembers(context);
	},
	keep(_context, row) {
		if (row.IsDefault === true) return 'WARNINGS.GROUP_CANNOT_BE_DELETED';
		return row.HasMembers === true ? 'WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED' : undefined;
	},
	operations: {
		'Pbx.DeleteCompanyById': ({ context, args }) =>
			deleteNamed(context, 'id', context.store.find('Groups', 'Id', args.id)),
		'Pbx.DeleteCompanyByNumber': ({ context, args }) =>
			deleteNamed(context, 'number', context.store.find('Groups', 'Number', args.number)),
	},
};
