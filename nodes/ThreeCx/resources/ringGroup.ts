import { closedRoutesField, destinationField, destinationLists } from '../fields/destination';
import { extensionsField } from '../fields/extensions';
import { memberOperations } from '../fields/members';
import { departmentsField, enumField, numberField, textField } from '../fields/simple';
import type { EntityResource } from '../resource';

/** All but the operations that only they have. */
const rows: EntityResource = {
	name: 'ringGroup',
	label: 'Ring Group',
	plural: 'Ring Groups',
	description: 'A group of extensions that ring for one number',
	entitySet: 'RingGroups',
	type: 'RingGroup',
	naturalKeys: [
		{ property: 'Number', label: 'Number', placeholder: 'e.g. 600' },
		{ property: 'Name', label: 'Name', placeholder: 'e.g. Front Desk' },
	],
	title: ({ Number: number, Name }) => [number, Name].filter(Boolean).join(' '),
	searchIn: ['Number', 'Name'],
	summary: ['Id', 'Number', 'Name', 'RingStrategy', 'RingTime', 'IsRegistered'],
	expand: { Members: { property: 'Members' }, Groups: { property: 'Groups' } },
	needed: [['Name']],
	fields: [
		textField(
			'Number',
			{
				displayName: 'Ring Group Number',
				name: 'number',
				placeholder: 'e.g. 600',
				description: 'Leave empty to use the next free number. It cannot be changed later.',
			},
			{ prominent: true, createOnly: true },
		),
		textField(
			'Name',
			{ displayName: 'Name', name: 'name', placeholder: 'e.g. Front Desk' },
			{ prominent: true },
		),
		extensionsField('Members', { displayName: 'Member Names or IDs', name: 'members' }),
		enumField('RingStrategy', 'StrategyType', {
			displayName: 'Ring Strategy',
			name: 'ringStrategy',
			default: 'RingAll',
			description:
				'Ring All rings all extensions at once, Hunt rings one after the other, Paging speaks to all',
		}),
		numberField('RingTime', {
			displayName: 'Ring Time (Seconds)',
			name: 'ringTime',
			typeOptions: { minValue: 1 },
			default: 20,
			description: 'How long the group rings before the call goes to the next destination',
		}),
		destinationField(
			'ForwardNoAnswer',
			'forwardNoAnswer',
			'If Nobody Answers',
			'Where calls go after the ring time',
		),
		closedRoutesField,
		departmentsField(),
	],
};

/** Ring groups: XAPI `RingGroups`. */
export const ringGroup: EntityResource = {
	...rows,
	operations: memberOperations({
		rows,
		property: 'Members',
		label: 'Member',
		owner: 'a ring group',
		uses: ['GetRingGroup', 'UpdateRingGroup'],
	}),
	loadOptions: destinationLists,
};
