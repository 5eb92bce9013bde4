import type { ErrorKind } from './errors';

/** What a 3CX validation code means to a person. */
interface Warning {
	/** Continues "Number: …". */
	says: string;
	hint: string;
	kind?: ErrorKind;
}

/**
 * 3CX's validation codes (protocol 4.4) in plain words. The codes that a workflow can meet are here; any other is shown
 * by its own name, which is readable enough.
 */
export const WARNINGS: Record<string, Warning | undefined> = {
	'WARNINGS.XAPI.REQUIRED': {
		says: 'is required',
		hint: 'Fill in the field; if it uses an expression, check what the expression returns for this item.',
	},
	'WARNINGS.XAPI.CAN_NOT_BE_EMPTY_STRING': {
		says: 'must not be empty',
		hint: 'Fill in the field; if it uses an expression, check what the expression returns for this item.',
	},
	'WARNINGS.XAPI.NOT_FOUND': {
		says: 'names something that does not exist on this PBX',
		hint: 'Choose an existing number or ID; the list in the field shows them.',
		kind: 'notFound',
	},
	'WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER': {
		says: 'names an extension that does not exist on this PBX',
		hint: 'Create the user first, or choose an existing extension.',
		kind: 'notFound',
	},
	'WARNINGS.XAPI.FILE_NOT_FOUND': {
		says: 'names a file or recording that is not there',
		hint: 'It may have been deleted or archived. List the existing ones and use an ID from the list.',
		kind: 'notFound',
	},
	'WARNINGS.XAPI.ALREADY_IN_USE': {
		says: 'is already in use on this PBX',
		hint: 'Choose another value, or use "Create or Update" to change the existing one.',
		kind: 'conflict',
	},
	'WARNINGS.XAPI.DUPLICATE': {
		says: 'is already in use on this PBX',
		hint: 'Choose another value, or use "Create or Update" to change the existing one.',
		kind: 'conflict',
	},
	'WARNINGS.XAPI.FORBIDDEN_CHANGE': {
		says: 'cannot be changed once it is set',
		hint: 'Remove the field. To change the number, delete the record and create it again.',
	},
	'WARNINGS.XAPI.OUT_OF_THE_RANGE': {
		says: 'is out of range',
		hint: 'Use a value within the range that the 3CX Admin Console accepts for this field.',
	},
	'WARNINGS.XAPI.INVALID_PIN_NUMBER': {
		says: 'is not a valid PIN',
		hint: 'Use digits only, with the length that your 3CX asks for.',
	},
	'WARNINGS.INVALID_PASSWORD': {
		says: 'is too weak or not valid',
		hint: 'Use a longer password with upper and lower case letters and digits.',
	},
	'WARNINGS.XAPI.INVALID_TIMEZONE': {
		says: 'is not a time zone that 3CX knows',
		hint: 'Choose the time zone from the list.',
	},
	'WARNINGS.XAPI.USER_ROLE_DOWNGRADE': {
		says: 'would lower a role that may not be lowered',
		hint: 'Make another user the owner first.',
		kind: 'forbidden',
	},
	'WARNINGS.XAPI.OTHER_USER_ROLE_DOWNGRADE': {
		says: 'would lower the role of somebody with more rights than the API client has',
		hint: 'Give the API client a higher role under Integrations > API.',
		kind: 'forbidden',
	},
	'WARNINGS.XAPI.INVALID_LICENSE_TYPE': {
		says: 'is not part of the licence of this PBX',
		hint: 'This needs a larger 3CX licence.',
		kind: 'forbidden',
	},
	'WARNINGS.XAPI.MCM_MODE_REQUIRED': {
		says: 'needs the multi-company mode',
		hint: 'Switch it on in the 3CX Admin Console, or leave the field out.',
	},
	'WARNINGS.XAPI.TOO_MANY_ITEMS_IN_LIST': {
		says: 'has too many entries',
		hint: 'Send fewer entries.',
	},
	'WARNINGS.LIMIT_REACHED': {
		says: 'reaches a limit of the licence',
		hint: 'Delete what is no longer used, or extend the 3CX licence.',
	},
	'WARNINGS.NO_MORE_NUMBERS_AVAILABLE': {
		says: 'no free number is left in the number range',
		hint: 'Extend the number range of the department, or enter a number yourself.',
	},
	'WARNINGS.STRING_TOO_LONG': { says: 'is too long', hint: 'Shorten the text.' },
	'WARNINGS.LENGTH_NOT_MORE_50_CHARS': {
		says: 'is longer than 50 characters',
		hint: 'Shorten the text.',
	},
	'WARNINGS.LENGTH_NOT_MORE_255_CHARS': {
		says: 'is longer than 255 characters',
		hint: 'Shorten the text.',
	},
	'WARNINGS.LENGTH_NOT_MORE_2048_CHARS': {
		says: 'is longer than 2048 characters',
		hint: 'Shorten the text.',
	},
	'WARNINGS.GROUP_CANNOT_BE_DELETED': {
		says: 'this department cannot be deleted',
		hint: 'The default department stays; choose another one.',
	},
	'WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED': {
		says: 'a department with members cannot be deleted',
		hint: 'Move its members to another department first.',
		kind: 'conflict',
	},
	'WARNINGS.CANNOT_BE_DELETED': {
		says: 'cannot be deleted',
		hint: 'Something else on the PBX still uses it. Remove it there first.',
		kind: 'conflict',
	},
	'WARNINGS.OPERATOR_CANNOT_BE_DELETED': {
		says: 'the operator extension cannot be deleted',
		hint: 'Make another extension the operator first.',
		kind: 'conflict',
	},
	'WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY': {
		says: 'a contact needs a first name, a last name or a company',
		hint: 'Fill in at least one of the three.',
	},
	'WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER': {
		says: 'a contact needs a phone number',
		hint: 'Fill in at least one number.',
	},
};
