// litesvm's error objects as the JSON a validator prints, and the English text of preflight failures.
'use strict';

// Fieldless errors arrive as bare numbers and the enum objects are empty at run time: names in the order of the enum.
const TRANSACTION_ERRORS = `AccountInUse AccountLoadedTwice AccountNotFound ProgramAccountNotFound InsufficientFundsForFee
InvalidAccountForFee AlreadyProcessed BlockhashNotFound CallChainTooDeep MissingSignatureForFee InvalidAccountIndex
SignatureFailure InvalidProgramForExecution SanitizeFailure ClusterMaintenance AccountBorrowOutstanding
WouldExceedMaxBlockCostLimit UnsupportedVersion InvalidWritableAccount WouldExceedMaxAccountCostLimit
WouldExceedAccountDataBlockLimit TooManyAccountLocks AddressLookupTableNotFound InvalidAddressLookupTableOwner
InvalidAddressLookupTableData InvalidAddressLookupTableIndex InvalidRentPayingAccount WouldExceedMaxVoteCostLimit
WouldExceedAccountDataTotalLimit MaxLoadedAccountsDataSizeExceeded ResanitizationNeeded InvalidLoadedAccountsDataSizeLimit
UnbalancedTransaction ProgramCacheHitMaxLimit CommitCancelled`.split(/\s+/);

const INSTRUCTION_ERRORS = `GenericError InvalidArgument InvalidInstructionData InvalidAccountData AccountDataTooSmall
InsufficientFunds IncorrectProgramId MissingRequiredSignature AccountAlreadyInitialized UninitializedAccount
UnbalancedInstruction ModifiedProgramId ExternalAccountLamportSpend ExternalAccountDataModified ReadonlyLamportChange
ReadonlyDataModified DuplicateAccountIndex ExecutableModified RentEpochModified NotEnoughAccountKeys AccountDataSizeChanged
AccountNotExecutable AccountBorrowFailed AccountBorrowOutstanding DuplicateAccountOutOfSync InvalidError
ExecutableDataModified ExecutableLamportChange ExecutableAccountNotRentExempt UnsupportedProgramId CallDepth MissingAccount
ReentrancyNotAllowed MaxSeedLengthExceeded InvalidSeeds InvalidRealloc ComputationalBudgetExceeded PrivilegeEscalation
ProgramEnvironmentSetupFailure ProgramFailedToComplete ProgramFailedToCompile Immutable IncorrectAuthority
AccountNotRentExempt InvalidAccountOwner ArithmeticOverflow UnsupportedSysvar IllegalOwner
MaxAccountsDataAllocationsExceeded MaxAccountsExceeded MaxInstructionTraceLengthExceeded
BuiltinProgramsMustConsumeComputeUnits BorshIoError`.split(/\s+/);

const TEXT = {
	AccountNotFound: 'Attempt to debit an account but found no record of a prior credit.',
	AlreadyProcessed: 'This transaction has already been processed',
	BlockhashNotFound: 'Blockhash not found',
	InsufficientFundsForFee: 'Insufficient funds for fee',
	ProgramAccountNotFound: 'Attempt to load a program that does not exist',
	SignatureFailure: 'Transaction did not pass signature verification',
	AccountLoadedTwice: 'Account loaded twice',
	ComputationalBudgetExceeded: 'Computational budget exceeded',
	InsufficientFunds: 'insufficient funds for instruction',
	InvalidAccountData: 'invalid account data for instruction',
	InvalidInstructionData: 'invalid instruction data',
	InvalidAccountOwner: 'Invalid account owner',
	MissingRequiredSignature: 'missing required signature for instruction',
	NotEnoughAccountKeys: 'insufficient account keys for instruction',
	ProgramFailedToComplete: 'Program failed to complete',
	IncorrectProgramId: 'incorrect program id for instruction',
};

function instructionError(native) {
	if (typeof native === 'number') return INSTRUCTION_ERRORS[native];
	return native.code === undefined ? { BorshIoError: native.msg } : { Custom: native.code };
}

function fromNative(native) {
	if (typeof native === 'number') return TRANSACTION_ERRORS[native];
	switch (native.constructor.name) {
	case 'TransactionErrorInstructionError':
		return { InstructionError: [native.index, instructionError(native.err())] };
	case 'TransactionErrorDuplicateInstruction':
		return { DuplicateInstruction: native.index };
	case 'TransactionErrorInsufficientFundsForRent':
		return { InsufficientFundsForRent: { account_index: native.accountIndex } };
	case 'TransactionErrorProgramExecutionTemporarilyRestricted':
		return { ProgramExecutionTemporarilyRestricted: { account_index: native.accountIndex } };
	}
	throw new Error(`litesvm returned an unknown error kind ${native.constructor.name}: add it to transaction-error.js`);
}

function text(error) {
	if (typeof error === 'string') return TEXT[error] || error;
	if (error.InstructionError) {
		const [index, cause] = error.InstructionError;
		const reason = cause.Custom === undefined ? TEXT[cause] || cause : `custom program error: 0x${cause.Custom.toString(16)}`;
		return `Error processing Instruction ${index}: ${reason}`;
	}
	if (error.InsufficientFundsForRent) {
		const index = error.InsufficientFundsForRent.account_index;
		return `Transaction results in an account (${index}) with insufficient funds for rent`;
	}
	return JSON.stringify(error);
}

module.exports = { fromNative, text };
