namespace VmUpdate.GuestAgent.Trigger;

/// <summary>What the host asked for is not done; told to it.</summary>
/// <param name="code">One of <see cref="GuestProtocol.Messages.ReplyCodes"/>.</param>
/// <param name="message">A sentence for people.</param>
internal sealed class VerbException(string code, string message) : Exception(message)
{
    /// <summary>Why, in one word.</summary>
    public string Code => code;
}
