namespace VmUpdate.Core.Store;

/// <summary>The store refused something, or could not be used.</summary>
public sealed class StoreException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The store's path, or the name of what was asked for.</param>
    /// <param name="message">One sentence: what was asked, and what stood in the way.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public StoreException(StoreFailure failure, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public StoreFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => $"Store{Failure}";

    /// <inheritdoc/>
    public override bool IsTransient => Failure is StoreFailure.Busy or StoreFailure.LeaseHeld;
}
