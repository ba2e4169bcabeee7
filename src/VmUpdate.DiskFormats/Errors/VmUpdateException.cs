namespace VmUpdate;

/// <summary>
/// The base of every failure that VmUpdate foresees. Anything else that is thrown is a bug and is not caught.
/// </summary>
public abstract class VmUpdateException : Exception
{
    /// <summary>Makes the failure. Each library has one sealed child for its own causes.</summary>
    /// <param name="subject">What failed.</param>
    /// <param name="place">Where in the subject; empty when the subject says it all.</param>
    /// <param name="message">One sentence with the names and numbers in it.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    protected VmUpdateException(string subject, string place, string message, Exception? inner)
        : base(message, inner)
    {
        Subject = subject;
        Place = place;
    }

    /// <summary>The cause, in one word. It is the PowerShell error id.</summary>
    public abstract string Code { get; }

    /// <summary>Whether the same call may succeed later, without anybody changing anything.</summary>
    public virtual bool IsTransient => false;

    /// <summary>What failed: a file's path, a virtual machine's name, a structure.</summary>
    public string Subject { get; }

    /// <summary>Where in the subject it failed: a structure and its offset, a step, a table; empty when the subject says it all.</summary>
    public string Place { get; }
}
