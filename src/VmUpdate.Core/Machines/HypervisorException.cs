namespace VmUpdate.Core.Machines;

/// <summary>A host did not do what was asked of a virtual machine.</summary>
public sealed class HypervisorException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="subject">The machine's name, the host's, or the file's.</param>
    /// <param name="message">One sentence: what was asked, and what stood in the way.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public HypervisorException(HypervisorFailure failure, string subject, string message, Exception? inner = null)
        : base(subject, string.Empty, $"{subject}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public HypervisorFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => Failure.ToString();

    /// <inheritdoc/>
    public override bool IsTransient =>
        Failure is HypervisorFailure.VmBusy or HypervisorFailure.ShutdownTimedOut or HypervisorFailure.HostNotReachable;
}
