import type { EntityResource } from '../../resource';
import { memberOperations } from './members';
import { setOfficeHoursMode } from './officeHoursMode';
import { getRoles } from './roles';
import { rows } from './rows';

/** Departments, which XAPI calls `Groups`. */
export const department: EntityResource = {
	...rows,
	operations: [...memberOperations, getRoles, setOfficeHoursMode],
};
