/**
 * Message structures of HL7 v2, one for all versions from 2.1 to 2.9: what any version takes at a place is taken there, and
 * what some version leaves out may be absent. Groups have the standard's names. Chapters 3 (ADT), 4 (orders), 6 (finance),
 * 7 (results), 8 (master files), 9 (documents), 10 (scheduling), 12 (problems, goals).
 */
const HEAD = 'MSH ARV* SFT* UAC?';
const PERSON = 'PID PD1? OH1* OH2* OH3? OH4* ARV* ROL* PRT*';
const VISITED = 'PV1? PV2? ARV* ROL* PRT*';
const NEXT_OF_KIN = 'NEXT_OF_KIN(NK1 OH2* OH3?)*';
const OBSERVATION = 'OBSERVATION(OBX PRT* TCD? NTE*)*';
const PROCEDURE = 'PROCEDURE(PR1 ROL* PRT*)*';
const INSURANCE = 'INSURANCE(IN1 IN2? IN3* ROL* PRT* AUTHORIZATION(AUT CTD? PRT*)* REFERRAL(RF1 PRT*)*)*';
const REACTION = 'ADVERSE_REACTION_GROUP(IAM NTE* IAR*)*';
const TIMING = 'TIMING(TQ1 TQ2*)*';
const COMPONENT = 'COMPONENT(RXC NTE*)*';
/** Of orders; only here does a group PATIENT hold the visit. */
const PATIENT = `PATIENT(PID PD1? ARV* PRT* NTE* ${NEXT_OF_KIN} ARV* PATIENT_VISIT(PV1 PV2? PRT*)? ${INSURANCE} GT1? AL1*)?`;
const SPECIMEN = `SPM PRT* NTE* SPECIMEN_OBSERVATION(OBX PRT* NTE*)*`;
const CONTAINER = 'CONTAINER(SAC NTE* CONTAINER_OBSERVATION(OBX PRT* NTE*)*)*';
/** Begins with the person, so that an ORC by itself is the next order. */
const PRIOR_RESULT = `PRIOR_RESULT(PATIENT_PRIOR(PID PD1? PRT* ARV*) PATIENT_VISIT_PRIOR(PV1 PV2? PRT*)? AL1*
  ORDER_PRIOR(COMMON_ORDER_PRIOR(ORC PRT*)? OBR NTE* PRT* TIMING_PRIOR(TQ1 TQ2*)* OBSERVATION_PRIOR(OBX PRT* NTE*)*)+)*`;
const REQUESTED = `OBR TCD? NTE* PRT* CTD? DG1* ${OBSERVATION}`;
const ORDER_TAIL = 'FT1* CTI* BLG?';
/** Of the results of a laboratory's instruments, which name the order before who placed it. */
const RESULTED = `OBR PRT* COMMON_ORDER(ORC PRT*)? NTE* ROL* ${TIMING} RESULT(OBX PRT* TCD? SID* TXA? NTE*)* CTI*`;
const MERGED = 'MRG PV1?';

const admission = (rest: string) =>
  `${HEAD} EVN? ${PERSON} ${NEXT_OF_KIN} ${VISITED} DB1* ${rest} GT1* ${INSURANCE} ACC? UB1? UB2? PDA?`;
const visitEvent = (rest: string) => `${HEAD} EVN? PID PD1? PV1? PV2? ${rest}`;
const unsolicited = (content: string) =>
  `${HEAD} NSC? NTE* PATIENT(PID PD1? ARV* PRT* NTE* PATIENT_OBSERVATION(OBX PRT* NTE*)* ${NEXT_OF_KIN})? VISIT(PV1 PV2? PRT*)? ${content}`;
const documents = (content: string) =>
  `${HEAD} EVN? PID PD1? PV1? PV2? COMMON_ORDER(ORC ${TIMING} OBR NTE*)* TXA CON* ${content}`;
const orders = (order: string) => `${HEAD} NTE* ${PATIENT} ${order}`;

const ADMISSION = admission(`${OBSERVATION} AL1* ${REACTION} DG1* DRG? ${PROCEDURE}`);
const TEXTS = {
  ADT_A01: ADMISSION,
  ADT_A02: visitEvent(`ARV* ROL* PRT* DB1* ${OBSERVATION} PDA?`),
  ADT_A03: admission(`AL1* ${REACTION} DG1* DRG? ${PROCEDURE} ${OBSERVATION}`),
  ADT_A05: ADMISSION,
  ADT_A06: ADMISSION.replace(NEXT_OF_KIN, `MRG? ${NEXT_OF_KIN}`),
  ADT_A09: visitEvent(`DB1* ${OBSERVATION} DG1*`),
  ADT_A12: visitEvent(`DB1* ${OBSERVATION} DG1?`),
  ADT_A15: visitEvent(`ROL* PRT* DB1* ${OBSERVATION} DG1*`),
  ADT_A16: ADMISSION,
  // The second person of A17 and A37 comes in a message of its own (docs/decisions/0055).
  ADT_A17: visitEvent(`DB1* ${OBSERVATION}`),
  ADT_A18: `${HEAD} EVN? PID PD1? ${MERGED}`,
  ADT_A20: `${HEAD} EVN? NPU`,
  ADT_A21: visitEvent(`DB1* ${OBSERVATION}`),
  ADT_A24: `${HEAD} EVN? PID PD1? PV1? DB1* PID PD1? PV1? DB1*`,
  ADT_A30: `${HEAD} EVN? PID PD1? ARV* MRG`,
  ADT_A37: `${HEAD} EVN? PID PD1? PV1? DB1*`,
  ADT_A38: visitEvent(`DB1* ${OBSERVATION} DG1* DRG?`),
  ADT_A39: `${HEAD} EVN? PATIENT(PID PD1? ARV* ${MERGED})+`,
  ADT_A43: `${HEAD} EVN? PATIENT(PID PD1? ARV* MRG)+`,
  ADT_A45: `${HEAD} EVN? PID PD1? MERGE_INFO(MRG PV1)+`,
  ADT_A50: `${HEAD} EVN? PID PD1? MRG PV1`,
  ADT_A52: visitEvent(''),
  ADT_A54: visitEvent('ROL* PRT*'),
  ADT_A60: `${HEAD} EVN? PID PD1? ARV* VISIT_GROUP(PV1 PV2? ARV*)? ${REACTION}`,
  ADT_A61: visitEvent('ROL* PRT*'),
  BAR_P01: `${HEAD} EVN? PID PD1? ROL* PRT*
    VISIT(PV1? PV2? ROL* PRT* DB1* ${OBSERVATION} AL1* DG1* DRG? ${PROCEDURE} GT1* ${NEXT_OF_KIN} ${INSURANCE} ACC? UB1? UB2?)+`,
  BAR_P02: `${HEAD} EVN? PATIENT(PID PD1? PV1? DB1*)+`,
  BAR_P06: `${HEAD} EVN? PATIENT(PID PV1?)+`,
  BAR_P10: `${HEAD} EVN? PID PV1 DG1* GP1? PROCEDURE(PR1 GP2?)*`,
  BAR_P12: `${HEAD} EVN? PID PV1? DG1* DRG? ${PROCEDURE} ${OBSERVATION}`,
  DFT_P03: `${HEAD} EVN? ${PERSON} PV1? PV2? ROL* PRT* DB1* ${OBSERVATION}
    COMMON_ORDER(ORC ${TIMING} ORDER(OBR NTE*)? COMMON_OBSERVATION(OBX PRT* NTE*)*)*
    FINANCIAL(FT1 NTE* FINANCIAL_PROCEDURE(PR1 ROL* PRT*)*
      FINANCIAL_COMMON_ORDER(ORC ${TIMING} FINANCIAL_ORDER(OBR NTE*)? FINANCIAL_OBSERVATION(OBX PRT* NTE*)*)*)+
    DG1* DRG? GT1* ${INSURANCE} ACC?`,
  // What follows a charge (diagnoses, payers) belongs to it in the standard; here to the person, as in DFT_P03.
  DFT_P11: `${HEAD} EVN? ${PERSON} PV1? PV2? ROL* PRT* DB1*
    COMMON_ORDER(ORC ${TIMING} ORDER(OBR NTE*)? COMMON_OBSERVATION(OBX PRT* NTE*)*)* DG1* DRG? GT1* ${INSURANCE} ACC?
    CHARGED(FINANCIAL(FT1 NTE* FINANCIAL_PROCEDURE(PR1 ROL* PRT*)*
      FINANCIAL_COMMON_ORDER(ORC ${TIMING} FINANCIAL_ORDER(OBR NTE*)? FINANCIAL_OBSERVATION(OBX PRT* NTE*)*)*)
      DG1* DRG? GT1* ${INSURANCE})+`,
  MDM_T01: documents(''),
  MDM_T02: documents(OBSERVATION.replace(/\*$/, '+')),
  MFN_M02: `${HEAD} MFI MF_STAFF(MFE STF PRA* ORG* AFF* LAN* EDU* CER* NTE*)+`,
  OMG_O19: orders(
    `ORDER(ORC PRT* ${TIMING} ${REQUESTED} SPECIMEN(${SPECIMEN} ${CONTAINER})* ${PRIOR_RESULT} ${ORDER_TAIL})+`,
  ),
  OML_O21: orders(
    `ORDER(ORC PRT* ${TIMING} OBSERVATION_REQUEST(${REQUESTED} SPECIMEN(${SPECIMEN} ${CONTAINER})* ${PRIOR_RESULT})? ${ORDER_TAIL})+`,
  ),
  OML_O33: orders(
    `SPECIMEN(${SPECIMEN} ${CONTAINER}
      ORDER(ORC PRT* ${TIMING} OBSERVATION_REQUEST(${REQUESTED} ${PRIOR_RESULT})? ${ORDER_TAIL})+ DEVICE(DEV OBX*)*)+`,
  ),
  OML_O35: orders(
    `SPECIMEN(${SPECIMEN}
      SPECIMEN_CONTAINER(SAC ORDER(ORC PRT* ${TIMING} OBSERVATION_REQUEST(${REQUESTED} ${PRIOR_RESULT})? ${ORDER_TAIL})+)+)+`,
  ),
  OMP_O09: orders(
    `ORDER(ORC PRT* ${TIMING} RXO NTE* PRT* RXR* ${COMPONENT} ${OBSERVATION} FT1* BLG? ${PRIOR_RESULT})+`,
  ),
  // The choice takes what pharmacies and laboratories send with RXO and OBR as well.
  ORM_O01: orders(
    `ORDER(ORC PRT* ${TIMING} ORDER_DETAIL(<OBR|RQD|RQ1|RXO|ODS|ODT> NTE* ORDER_TIMING(TQ1 TQ2*)* RXR* ${COMPONENT}
      CTD? DG1* ${OBSERVATION} SPECIMEN(${SPECIMEN})*)? ${ORDER_TAIL})+`,
  ),
  // Without ORDER_DOCUMENT (v2.8): where OBR is missing, an OBX below ORC is a result.
  ORU_R01: `${HEAD} PATIENT_RESULT(
    PATIENT(PID PD1? ARV* PRT* NTE* ${NEXT_OF_KIN} ARV* PATIENT_OBSERVATION(OBX PRT* NTE*)* VISIT(PV1 PV2? PRT*)?)
    ORDER_OBSERVATION(COMMON_ORDER(ORC PRT*)? OBR NTE* ROL* PRT* TIMING_QTY(TQ1 TQ2*)* CTD? ${OBSERVATION} FT1* CTI*
      SPECIMEN(${SPECIMEN} ${CONTAINER})* DEVICE(DEV DEVICE_OBSERVATION(OBX PRT*)*)*)+)+ DSC?`,
  OUL_R22: unsolicited(`SPECIMEN(${SPECIMEN} SPECIMEN_CONTAINER(SAC INV*)* ORDER(${RESULTED})+)+`),
  OUL_R23: unsolicited(`SPECIMEN(${SPECIMEN} SPECIMEN_CONTAINER(SAC INV* ORDER(${RESULTED})+)+)+`),
  OUL_R24: unsolicited(`ORDER(${RESULTED} SPECIMEN(${SPECIMEN} CONTAINER(SAC INV*)*)*)+`),
  PPR_PC1: `${HEAD} ${PERSON} PATIENT_VISIT(PV1 PV2? PRT*)?
    PROBLEM(PRB NTE* VAR* PROBLEM_ROLE(<ROL|PRT> VAR*)* PATHWAY(PTH VAR* PATHWAY_ROLE(<ROL|PRT> VAR*)*)*
      PROBLEM_OBSERVATION(OBX PRT* NTE*)*
      GOAL(GOL NTE* VAR* GOAL_ROLE(<ROL|PRT> VAR*)* GOAL_OBSERVATION(OBX PRT* NTE*)*)*
      ORDER(ORC ORDER_DETAIL(<OBR|RXO> NTE* VAR* ORDER_OBSERVATION(OBX PRT* NTE* VAR*)*)?)*)+`,
  PGL_PC6: `${HEAD} ${PERSON} PATIENT_VISIT(PV1 PV2? PRT*)?
    GOAL(GOL NTE* VAR* GOAL_ROLE(<ROL|PRT> VAR*)* PATHWAY(PTH VAR* PATHWAY_ROLE(<ROL|PRT> VAR*)*)*
      GOAL_OBSERVATION(OBX PRT* NTE*)*
      PROBLEM(PRB NTE* VAR* PROBLEM_ROLE(<ROL|PRT> VAR*)* PROBLEM_OBSERVATION(OBX PRT* NTE*)*)*
      ORDER(ORC ORDER_DETAIL(<OBR|RXO> NTE* VAR* ORDER_OBSERVATION(OBX PRT* NTE* VAR*)*)?)*)+`,
  RDE_O11: orders(
    `ORDER(ORC PRT* ${TIMING} ORDER_DETAIL(RXO NTE* PRT* RXR* ${COMPONENT})? RXE PRT* NTE* TIMING_ENCODED(TQ1 TQ2*)*
      RXR* RXC* ${OBSERVATION} ${ORDER_TAIL})+`,
  ),
  RDS_O13: orders(
    `ORDER(ORC PRT* ${TIMING} ORDER_DETAIL(RXO NTE* PRT* RXR* ${COMPONENT})?
      ENCODING(RXE PRT* NTE* TIMING_ENCODED(TQ1 TQ2*)* RXR* RXC*)? RXD PRT* NTE* RXR* RXC* ${OBSERVATION} FT1*)+`,
  ),
  REF_I12: `${HEAD} RF1? AUTHORIZATION_CONTACT(AUT CTD?)? PROVIDER_CONTACT(PRD CTD*)+ PID PD1? ${NEXT_OF_KIN} GT1* ${INSURANCE}
    ACC? DG1* DRG? AL1* PROCEDURE(PR1 ROL* PRT* PROCEDURE_AUTHORIZATION(AUT CTD?)?)*
    OBSERVATION(OBR PRT* NTE* RESULTS_NOTES(OBX PRT* NTE*)*)* PATIENT_VISIT(PV1 PV2? PRT* NTE*)?`,
  SIU_S12: `${HEAD} SCH TQ1* NTE* PATIENT(PID PD1? ARV* PV1? PV2? ${OBSERVATION} DG1*)*
    RESOURCES(RGS SERVICE(AIS NTE*)* GENERAL_RESOURCE(AIG NTE*)* LOCATION_RESOURCE(AIL NTE*)* PERSONNEL_RESOURCE(AIP NTE*)*)+`,
  VXU_V04: `${HEAD} PID PD1? ${NEXT_OF_KIN} ARV* PATIENT_VISIT(PV1 PV2? ARV*)? GT1* ${INSURANCE}
    PERSON_OBSERVATION(OBX PRT* NTE*)*
    ORDER(COMMON_ORDER(ORC PRT*)? ${TIMING} RXA PRT* RXR? ${OBSERVATION})*`,
};

export type StructureName = keyof typeof TEXTS;

/** The structures by their names, in the notation of `notation.ts`. */
export const STRUCTURE_TEXTS: Readonly<Record<string, string>> = TEXTS;

/** Structure of each event (HL7 table 0354); those of ADT whose structure has their own name are left out. */
const EVENTS = new Map([
  ...each('ADT', 'A04 A08 A13', 'ADT_A01'),
  ...each('ADT', 'A14 A28 A31', 'ADT_A05'),
  ...each('ADT', 'A07', 'ADT_A06'),
  ...each('ADT', 'A10 A11', 'ADT_A09'),
  ...each('ADT', 'A22 A23 A25 A26 A27 A29 A32 A33', 'ADT_A21'),
  ...each('ADT', 'A34 A35 A36 A46 A47 A48 A49', 'ADT_A30'),
  ...each('ADT', 'A40 A41 A42', 'ADT_A39'),
  ...each('ADT', 'A44', 'ADT_A43'),
  ...each('ADT', 'A51', 'ADT_A50'),
  ...each('ADT', 'A53', 'ADT_A52'),
  ...each('ADT', 'A55', 'ADT_A54'),
  ...each('ADT', 'A62', 'ADT_A61'),
  ...each('BAR', 'P05', 'BAR_P01'),
  ...each('MDM', 'T03 T05 T07 T09 T11', 'MDM_T01'),
  ...each('MDM', 'T04 T06 T08 T10', 'MDM_T02'),
  ...each('PGL', 'PC7 PC8', 'PGL_PC6'),
  ...each('PPR', 'PC2 PC3', 'PPR_PC1'),
  ...each('RDE', 'O01 O25', 'RDE_O11'),
  ...each('RDS', 'O01', 'RDS_O13'),
  ...each('REF', 'I13 I14 I15', 'REF_I12'),
  ...each('SIU', 'S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S26 S27', 'SIU_S12'),
]);

function each(type: string, events: string, structure: StructureName): [string, StructureName][] {
  return events.split(' ').map((event) => [`${type}_${event}`, structure]);
}

/**
 * @param type MSH-9.1
 * @param event MSH-9.2
 * @param named MSH-9.3; asked where the event is unknown: senders name structures that are not those of their events
 */
export function structureName(type: string, event: string, named: string | undefined): StructureName | undefined {
  const own = `${type}_${event}`;
  const known = EVENTS.get(own) ?? (Object.hasOwn(TEXTS, own) ? own : undefined);
  return (known ?? (named !== undefined && Object.hasOwn(TEXTS, named) ? named : undefined)) as
    | StructureName
    | undefined;
}
