namespace VmUpdate.Libvirt;

/// <summary>What a program in a guest came to.</summary>
/// <param name="ExitCode">Its exit code; what ended it, negative, when it was a signal.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Errors">What it wrote as errors.</param>
/// <param name="IsCut">Whether it wrote more than the guest's agent keeps.</param>
public sealed record GuestCommandResult(int ExitCode, byte[] Output, byte[] Errors, bool IsCut);
