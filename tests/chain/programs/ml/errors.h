/* Errors of the lottery program: code, name, message. */
#ifndef ML_ERRORS_H
#define ML_ERRORS_H

#define ML_ERRORS(X)                                                                          \
	X(6000, PoolExpired, "Pool expired")                                                  \
	X(6001, PoolNotExpired, "Pool not expired")                                           \
	X(6002, PoolNotEmpty, "Pool not empty")                                               \
	X(6003, NotCreator, "Not the creator")                                                \
	X(6004, NotDeveloper, "Not the developer")                                            \
	X(6005, Unauthorized, "Unauthorized")                                                 \
	X(6006, AlreadyParticipated, "Already participated")                                  \
	X(6007, MaxParticipantsReached, "Maximum participants reached")                       \
	X(6009, Overflow, "Overflow")                                                         \
	X(6011, InvalidParticipantToken, "Invalid participant token account")                 \
	X(6012, InvalidMint, "Invalid mint")                                                  \
	X(6013, MintHasMintAuthority, "Mint has mint authority")                              \
	X(6014, MintHasFreezeAuthority, "Mint has freeze authority")                          \
	X(6015, InvalidDecimals, "Invalid decimals")                                          \
	X(6016, ExcessiveFees, "Excessive fees")                                              \
	X(6018, InvalidRandomnessAccount, "Invalid randomness account")                       \
	X(6019, RandomnessNotResolved, "Randomness not resolved")                             \
	X(6020, NoParticipants, "No participants")                                            \
	X(6021, InvalidPoolStatus, "Invalid pool status")                                     \
	X(6022, RandomnessAlreadySet, "Randomness already set")                               \
	X(6023, CannotDecreaseLockDuration, "Cannot decrease lock duration")                  \
	X(6024, RandomnessNotCommitted, "Randomness not committed")                           \
	X(6026, InvalidRandomness, "Invalid randomness")                                      \
	X(6027, TooManyParticipants, "Too many participants")                                 \
	X(6028, InvalidParticipantRange, "Invalid participant range")                         \
	X(6029, InvalidAmount, "Invalid amount")                                              \
	X(6030, InvalidLockDuration, "Invalid lock duration")                                 \
	X(6031, PoolStillLocked, "Pool is still locked")                                      \
	X(6032, InvalidParticipantsPda, "Invalid participants PDA")                           \
	X(6034, InvalidTokenProgram, "Invalid token program")                                 \
	X(6035, ZeroSupply, "Zero supply")                                                    \
	X(6036, SpoofedDonation, "Spoofed donation")                                          \
	X(6037, InvalidWinnerPubkey, "Invalid winner pubkey")                                 \
	X(6040, HasDelegate, "ATA has delegate")                                              \
	X(6041, HasCloseAuthority, "ATA has close authority")                                 \
	X(6042, Paused, "Pool is paused")                                                     \
	X(6043, ConfigMismatch, "Config mismatch")                                            \
	X(6044, FrozenAccount, "Account is frozen")                                           \
	X(6045, InsufficientFunds, "Insufficient funds")                                      \
	X(6046, UninitializedAccount, "Uninitialized account")                                \
	X(6047, RandomnessExpired, "Randomness expired")                                      \
	X(6048, AlreadyInitialized, "Already initialized")                                    \
	X(6049, PoolUnavailableForJoin, "Pool unavailable for join")                          \
	X(6052, JoinClosedAfterUnlock, "Join closed after unlock")                            \
	X(6053, DonateClosedAfterUnlock, "Donate closed after unlock")                        \
	X(6054, TooEarlyForEmergency, "Too early for emergency finalize")                     \
	X(6055, NotParticipant, "Not participant")                                            \
	X(6056, AlreadyEnded, "Already ended")                                                \
	X(6057, CannotChangeAfterJoins, "Cannot change after joins")                          \
	X(6058, NoWinnerSelected, "No winner selected")                                       \
	X(6059, ForbiddenTransferFee, "Mint has the TransferFee extension")                   \
	X(6060, ForbiddenTransferHook, "Mint has the TransferHook extension")                 \
	X(6061, ForbiddenConfidentialTransfer, "Mint has the ConfidentialTransfer extension") \
	X(6062, ForbiddenNonTransferable, "Mint has the NonTransferable extension")           \
	X(6063, ForbiddenInterestBearing, "Mint has the InterestBearing extension")           \
	X(6064, ForbiddenPermanentDelegate, "Mint has the PermanentDelegate extension")       \
	X(6065, ForbiddenMintCloseAuthority, "Mint has a close authority")                    \
	X(6066, ForbiddenDefaultAccountState, "Mint freezes new accounts")                    \
	X(6067, PoolProcessing, "Pool is processing")                                         \
	X(6068, PoolTokenMismatch, "Pool token account mismatch")

enum ml_code {
#define X(code, name, text) name = code,
	ML_ERRORS(X)
#undef X
};

#endif
