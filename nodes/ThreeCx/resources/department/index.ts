import { destinationLists } from '../../fields/destination';
import type { EntityResource } from '../../resource';
import { departmentMemberOperations } from './members';
import { setOfficeHoursMode } from './officeHoursMode';
import { getRoles } from './roles';
import { rows } from './rows';

/** Departments, which XAPI calls `Groups`. */
export const department: EntityResource = {
	...rows,
	operations: [...departmentMemberOperations, getRoles, setOfficeHoursMode],
	loadOptions: destinationLists,
};
