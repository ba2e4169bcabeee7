namespace VmUpdate.Core.Tasks;

/// <summary>What is known of a payload without its bytes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="FileName">The script's file name, which tells the agent what runs it; empty for others.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Sha256">The hash at registration, 64 hexadecimal digits in lower case.</param>
public sealed record PayloadInfo(PayloadKind Kind, string FileName, int Length, string Sha256);
