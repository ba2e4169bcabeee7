namespace VmUpdate.Core.Guests;

/// <summary>A guest did not do what was asked.</summary>
public sealed class GuestException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The machine's name.</param>
    /// <param name="message">One sentence: what was asked, and what stood in the way.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public GuestException(GuestFailure failure, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public GuestFailure Failure { get; }

    /// <summary>Whether the machine has no channel to its guest at all, so that no waiting helps.</summary>
    public bool HasNoChannel { get; init; }

    /// <inheritdoc/>
    public override string Code => Failure.ToString();

    /// <inheritdoc/>
    public override bool IsTransient => Failure == GuestFailure.GuestNotReached;
}
