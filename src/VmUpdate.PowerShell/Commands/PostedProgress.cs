namespace VmUpdate.PowerShell.Commands;

/// <summary>
/// Progress that is handed on at once, in order. The framework's own goes through the thread pool, where the last word may come first.
/// </summary>
/// <param name="report">Called on the reporter's thread.</param>
internal sealed class PostedProgress<T>(Action<T> report) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => report(value);
}
