using Microsoft.Data.Sqlite;

namespace VmUpdate.Core.Store;

/// <summary>The connection to a store's file. It keeps its statements compiled: compiling one takes longer than running it.</summary>
internal sealed class StoreConnection(string connectionString) : SqliteConnection(connectionString)
{
    // All texts are constants of the code; more of them than this would mean that somebody made one up for each call.
    private const int MostStatements = 200;

    private readonly Dictionary<string, SqliteCommand> _statements = [];

    /// <summary>Whether statements are kept from now on: not before the tables are what they will stay.</summary>
    public bool KeepsStatements { get; set; }

    /// <summary>A statement, ready to run.</summary>
    /// <param name="sql">Its text.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <returns>The statement, and whether the caller disposes it.</returns>
    public (SqliteCommand Statement, bool IsCallers) Prepare(string sql, (string Name, object? Value)[] parameters)
    {
        bool isKept = _statements.TryGetValue(sql, out SqliteCommand? statement);
        if (statement is null)
        {
            statement = CreateCommand();
#pragma warning disable CA2100 // every text comes from this library's constants; values travel as parameters
            statement.CommandText = sql;
#pragma warning restore CA2100
            isKept = KeepsStatements && _statements.Count < MostStatements;
            if (isKept)
            {
                _statements.Add(sql, statement);
            }
        }

        statement.Transaction = Transaction;
        if (statement.Parameters.Count != parameters.Length)
        {
            statement.Parameters.Clear();
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            (string name, object? value) = parameters[i];
            if (i == statement.Parameters.Count)
            {
                statement.Parameters.AddWithValue(name, value ?? DBNull.Value);
            }
            else
            {
                statement.Parameters[i].ParameterName = name;
                statement.Parameters[i].Value = value ?? DBNull.Value;
            }
        }

        return (statement, !isKept);
    }
}
