namespace VmUpdate.Core.Versions;

/// <summary>No version of a master was made.</summary>
public sealed class VersionException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The pool's name, or the file's path.</param>
    /// <param name="message">What was found and what to do about it, in a sentence each.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public VersionException(VersionFailure failure, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public VersionFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => Failure.ToString();

    /// <inheritdoc/>
    public override bool IsTransient => false;
}
