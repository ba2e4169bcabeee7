namespace VmUpdate.Core.Images;

/// <summary>A swap of a pooled machine's disk was refused, or failed.</summary>
public sealed class SwapException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The machine's name, or the file's path.</param>
    /// <param name="message">One sentence: what was found, and what to do about it.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public SwapException(SwapFailure failure, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public SwapFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => Failure.ToString();

    /// <inheritdoc/>
    public override bool IsTransient =>
        Failure is SwapFailure.VmChanging or SwapFailure.VmInUse or SwapFailure.GuestSilent or SwapFailure.Stopped or SwapFailure.Canceled;
}
