namespace VmUpdate.Core.Images;

/// <summary>A swap of a pooled machine's disk was refused, or failed.</summary>
public sealed class SwapException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The machine's name, or the file's path.</param>
    /// <param name="reason">What was found, in one sentence.</param>
    /// <param name="remedy">What to do about it, in one sentence; empty when there is nothing.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public SwapException(SwapFailure failure, string subject, string reason, string remedy = "", Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {reason}{(remedy.Length == 0 ? string.Empty : " " + remedy)}", inner)
    {
        Failure = failure;
        Reason = reason;
        Remedy = remedy;
    }

    /// <summary>The cause.</summary>
    public SwapFailure Failure { get; }

    /// <summary>What was found.</summary>
    public string Reason { get; }

    /// <summary>What to do about it; empty when there is nothing.</summary>
    public string Remedy { get; }

    /// <inheritdoc/>
    public override string Code => Failure.ToString();

    /// <inheritdoc/>
    public override bool IsTransient =>
        Failure is SwapFailure.VmChanging or SwapFailure.VmInUse or SwapFailure.GuestSilent or SwapFailure.Stopped or SwapFailure.Canceled;
}
