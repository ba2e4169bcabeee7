namespace VmUpdate.Core.Identity;

/// <summary>A machine's identity could not be read, kept or written. No secret is ever part of the message.</summary>
public sealed class IdentityException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The disk, bundle, folder or catalogue file.</param>
    /// <param name="message">One sentence: what was expected, what was found, and the remedy where there is one.</param>
    /// <param name="place">Where in the subject: a set and item, a line; empty when the subject says it all.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public IdentityException(IdentityFailure failure, string subject, string message, string place = "", Exception? inner = null)
        : base(subject, place, Compose(subject, place, message), inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public IdentityFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => $"Identity{Failure}";

    private static string Compose(string subject, string place, string message)
    {
        string where = subject.Length > 0 && place.Length > 0 ? $"{subject}: {place}" : subject + place;
        return where.Length == 0 ? message : $"{where}: {message}";
    }
}
